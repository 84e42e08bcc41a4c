trace 4
create
connect version=4
broker send 30 05 00 01 74 68 69
receive 100
broker send 33 07 00 01 74 00 05 68 69
receive 100
broker send 34 07 00 01 74 00 06 68 69
receive 100
yield 2
disconnect 0
destroy
