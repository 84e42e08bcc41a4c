create
broker omit DISCONNECT
connect version=4
broker send 30 01 00
receive 500
isconnected
connect version=4
broker send 32 03 00 01 74
receive 500
isconnected
connect version=4
broker send 30 ff ff ff ff ff
receive 500
isconnected
connect version=4
broker send 40 01 00
receive 500
isconnected
connect version=4
broker send 90 01 00
receive 500
isconnected
destroy
