# differs: a packet that the server must not send is a protocol error
create
broker omit DISCONNECT
connect version=4
broker send e0 00
receive 200
isconnected
disconnect 0
destroy
