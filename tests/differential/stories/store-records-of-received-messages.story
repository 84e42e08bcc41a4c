create store=file
connect version=4 clean=0
broker always PUBREC none
broker send 30 05 00 01 74 68 69
yield
broker send 33 07 00 01 74 00 05 68 69
yield
broker send 34 07 00 01 74 00 06 68 69
yield
broker send 62 02 00 06
yield
receive 100
receive 100
receive 100
disconnect 0
destroy
