broker stop
create
connect version=4
connect
connect version=3
isconnected
destroy
