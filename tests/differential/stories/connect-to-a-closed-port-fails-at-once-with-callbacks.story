broker stop
create
callbacks
connect version=4
connect
isconnected
broker start
connect version=4
disconnect 0
destroy
