# differs: an empty topic is a protocol error
create
broker omit DISCONNECT
connect version=4
broker send 30 04 00 00 68 69
receive 300
isconnected
disconnect 0
destroy
