create
connect version=4
broker send 30 03 00 01 74
receive 300
broker send 3b 07 00 01 74 00 09 68 69
receive 300
broker send 31 05 00 01 74 68 69
receive 300
broker send 3d 07 00 01 74 00 09 68 69
receive 300
broker send 30 07 00 03 61 00 62 68 69
receive 300
disconnect 0
destroy
