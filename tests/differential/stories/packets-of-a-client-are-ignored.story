# differs: a packet that the server must not send is a protocol error
create
connect version=4
broker send d0 00
receive 200
broker send c0 00
receive 200
isconnected
disconnect 0
destroy
