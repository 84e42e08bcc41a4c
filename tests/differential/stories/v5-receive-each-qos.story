create version=5
connect5
broker send 30 06 00 01 74 00 68 69
receive 300
broker send 33 08 00 01 74 00 05 00 68 69
receive 300
broker send 34 08 00 01 74 00 06 00 68 69
receive 300
broker send 30 0b 00 01 74 05 02 00 00 00 3c 68 69
receive 300
receive 100
disconnect5 0
destroy
