# differs: the record of a received QoS 2 message keeps DUP
create store=file
connect version=4 clean=0
broker send 3c 06 00 01 74 00 01 31 62 02 00 01
yield 2
receive 200
disconnect 0
destroy
