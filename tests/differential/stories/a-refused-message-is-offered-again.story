# differs: the message is offered again after a short time, not with the next packet
create
callbacks
connect version=4
on arrived return 0
broker send 30 04 00 01 74 31
broker send 30 04 00 01 74 32
broker send 30 04 00 01 74 33
disconnect 0
destroy
