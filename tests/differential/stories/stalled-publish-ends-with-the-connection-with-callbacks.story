create
callbacks
connect version=4 clean=0 reliable=0
broker deaf
start publish t *12000000 0
sleep 500
broker close
join
isconnected
connect version=4 clean=0 reliable=0
broker deaf
start publish t *12000000 1
sleep 500
broker close
join
isconnected
connect version=4 clean=0 reliable=0
yield 3
disconnect 500
destroy
