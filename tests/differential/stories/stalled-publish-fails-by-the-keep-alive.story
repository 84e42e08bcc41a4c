create
connect version=4 clean=0 keepalive=1
broker deaf
publish t *12000000 1
isconnected
pending
disconnect 0
destroy
