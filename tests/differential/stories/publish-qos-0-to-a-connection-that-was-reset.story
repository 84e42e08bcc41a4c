create
connect version=4 clean=0
broker reset
sleep 100
publish t x 0
isconnected
destroy
