# differs: 3.1.1 has a client close the connection when the server breaks the standard
create
broker omit DISCONNECT
connect version=4
broker send 30 04 00 02 ff fe
receive 300
isconnected
disconnect 0
connect version=4
broker send 30 05 00 01 23 68 69
receive 300
isconnected
disconnect 0
connect version=4
broker send 30 05 00 01 2b 68 69
receive 300
isconnected
disconnect 0
connect version=4
broker send 38 05 00 01 74 68 69
receive 300
isconnected
disconnect 0
connect version=4
broker send 36 07 00 01 74 00 01 68 69
receive 300
isconnected
disconnect 0
connect version=4
broker send 32 07 00 01 74 00 00 68 69
receive 300
isconnected
disconnect 0
connect version=4
broker send 34 07 00 01 74 00 00 68 69
receive 300
isconnected
disconnect 0
connect version=4
broker send 40 02 00 00
receive 300
isconnected
disconnect 0
connect version=4
broker send 50 02 00 00
receive 300
isconnected
disconnect 0
connect version=4
broker send 62 02 00 00
receive 300
isconnected
disconnect 0
connect version=4
broker send 70 02 00 00
receive 300
isconnected
disconnect 0
connect version=4
broker send 41 02 00 01
receive 300
isconnected
disconnect 0
connect version=4
broker send 51 02 00 01
receive 300
isconnected
disconnect 0
connect version=4
broker send 60 02 00 01
receive 300
isconnected
disconnect 0
connect version=4
broker send 71 02 00 01
receive 300
isconnected
disconnect 0
connect version=4
broker send 91 03 00 01 00
receive 300
isconnected
disconnect 0
connect version=4
broker send b1 02 00 01
receive 300
isconnected
disconnect 0
connect version=4
broker send d1 00
receive 300
isconnected
disconnect 0
connect version=4
broker send 40 03 00 01 00
receive 300
isconnected
disconnect 0
connect version=4
broker send d0 01 00
receive 300
isconnected
disconnect 0
connect version=4
broker send 00 00
receive 300
isconnected
disconnect 0
destroy
