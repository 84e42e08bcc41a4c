create
connect version=4 clean=0
broker reset
sleep 100
publish t x 1
isconnected
publish t x 1
pending
receive 100
destroy
