# differs: a CONNACK that breaks the standard is not taken
create version=5
broker omit DISCONNECT
broker once CONNECT 20 03 01 00 00
connect5 start=1
disconnect 0
broker once CONNECT 20 03 02 00 00
connect5
disconnect 0
broker once CONNECT 21 03 00 00 00
connect5
disconnect 0
broker once CONNECT 20 06 00 00 03 21 00 00
connect5
disconnect 0
broker once CONNECT 20 08 00 00 05 27 00 00 00 00
connect5
disconnect 0
broker once CONNECT 20 05 00 00 02 24 02
connect5
disconnect 0
broker once CONNECT 20 05 00 00 02 25 02
connect5
disconnect 0
broker once CONNECT 20 05 00 00 02 01 01
connect5
disconnect 0
broker once CONNECT 20 09 00 00 06 21 00 05 21 00 05
connect5
disconnect 0
destroy
@b create
broker once CONNECT 20 02 02 00
@b connect version=4
@b disconnect 0
broker once CONNECT 21 02 00 00
@b connect version=4
@b disconnect 0
broker once CONNECT 20 03 00 00 00
@b connect version=4
@b disconnect 0
@b destroy
