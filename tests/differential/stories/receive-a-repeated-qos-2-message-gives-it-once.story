create
connect version=4
broker always PUBREC none
broker send 34 07 00 01 74 00 06 68 69
receive 200
broker send 3c 07 00 01 74 00 06 68 6f
receive 200
broker send 62 02 00 06
receive 300
broker send 62 02 00 06
receive 200
disconnect 0
destroy
