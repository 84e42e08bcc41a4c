# differs: the original goes on with a connection that failed
create
connect version=4
broker send 30 05 00 03 61 00 62 30 04 00 01 74 31
yield 2
broker send 30 01 00
receive 200
receive 200
disconnect 0
destroy
