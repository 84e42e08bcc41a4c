create
connect version=4 clean=0
broker close
sleep 100
disconnect 100
isconnected
destroy
