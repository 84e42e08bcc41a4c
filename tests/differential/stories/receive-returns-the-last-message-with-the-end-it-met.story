# the acknowledgement of a message cannot be sent: what was read before it comes first
create
connect version=4
broker send 30 04 00 01 74 31 30 04 00 01 74 32 32 06 00 01 74 00 03 33 reset
sleep 100
receive 500
receive 500
isconnected
receive 500
receive 500
connect version=4
broker send 32 06 00 01 74 00 03 33 reset
sleep 100
receive 500
receive 500
destroy
