# differs: a message that cannot be kept is not acknowledged
create store=user
broker omit DISCONNECT
connect version=4 clean=0
store fail put -2
broker send 32 06 00 01 74 00 05 68
receive 200
isconnected
disconnect 0
destroy
