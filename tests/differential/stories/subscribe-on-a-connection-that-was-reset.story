create
connect version=4 clean=0
broker reset
sleep 100
subscribe t:1
isconnected
destroy
