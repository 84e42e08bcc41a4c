create version=5
connect5
broker always PUBREC none
broker send 34 08 00 01 74 00 06 00 68 69
receive 300
broker send 3c 08 00 01 74 00 06 00 68 69
receive 200
broker send 62 02 00 06
receive 200
broker send 34 08 00 01 74 00 06 00 68 69
receive 300
disconnect5 0
destroy
