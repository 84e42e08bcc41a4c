# differs: the call in which the loss is noticed tells it, with -1 instead of 0 and no message
create
broker omit DISCONNECT
broker always PINGREQ none
connect version=4 keepalive=1
receive 1200
receive 2000
isconnected
receive 100
destroy
