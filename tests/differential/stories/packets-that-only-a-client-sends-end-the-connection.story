# differs: a packet that no server sends is a protocol error
create
broker omit DISCONNECT
connect version=4
broker send 82 06 00 01 00 01 74 00
receive 200
isconnected
disconnect 0
destroy
