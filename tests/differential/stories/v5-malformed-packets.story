create version=5
broker omit DISCONNECT
connect5
broker send 30 01 00
receive 300
isconnected
connect5
broker send 30 05 00 01 74 03 01
receive 300
isconnected
connect5
broker send 30 ff ff ff ff ff
receive 300
isconnected
destroy
