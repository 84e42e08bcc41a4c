way ws
create
broker once CONNECT close
connect version=4
broker once CONNECT 20 02 00 05
connect version=4
broker once CONNECT none
timed 3000 connect version=4 timeout=3
broker stop
connect version=4
broker start
connect version=4
isconnected
disconnect 0
destroy
