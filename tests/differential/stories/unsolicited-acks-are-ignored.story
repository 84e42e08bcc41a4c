create
broker omit DISCONNECT
connect version=4
broker send 90 03 00 09 00
receive 200
isconnected
broker send b0 02 00 09
receive 200
isconnected
disconnect 0
destroy
