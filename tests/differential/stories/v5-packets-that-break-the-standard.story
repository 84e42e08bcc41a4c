# differs: MQTT 5 has a client close the connection when the server breaks the standard
create version=5
connect5
broker send 30 05 00 02 ff fe 00
receive 300
isconnected
disconnect 0
connect5
broker send 30 05 00 01 23 00 68
receive 300
isconnected
disconnect 0
connect5
broker send 38 05 00 01 74 00 68
receive 300
isconnected
disconnect 0
connect5
broker send 32 07 00 01 74 00 00 00 68
receive 300
isconnected
disconnect 0
connect5
broker send 40 02 00 00
receive 300
isconnected
disconnect 0
connect5
broker send 41 02 00 01
receive 300
isconnected
disconnect 0
connect5
broker send 60 02 00 01
receive 300
isconnected
disconnect 0
connect5
broker send 91 04 00 01 00 00
receive 300
isconnected
disconnect 0
connect5
broker send 40 03 00 01 01
receive 300
isconnected
disconnect 0
connect5
broker send 30 06 00 01 74 02 01 02
receive 300
isconnected
disconnect 0
connect5
broker send 30 08 00 01 74 04 01 00 01 01
receive 300
isconnected
disconnect 0
connect5
broker send 30 06 00 01 74 02 0b 00
receive 300
isconnected
disconnect 0
connect5
broker send 30 08 00 01 74 04 08 00 01 23
receive 300
isconnected
disconnect 0
connect5
broker send 30 08 00 01 74 04 03 00 01 ff
receive 300
isconnected
disconnect 0
connect5
broker send 30 07 00 01 74 03 23 00 00
receive 300
isconnected
disconnect 0
destroy
