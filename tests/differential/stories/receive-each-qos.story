create store=file
connect version=4 clean=0
subscribe t:2
broker send 30 05 00 01 74 68 69
receive 500
broker send 33 07 00 01 74 00 05 68 69
receive 500
broker send 34 07 00 01 74 00 06 68 69
receive 500
receive 0
receive 100
disconnect 0
destroy
