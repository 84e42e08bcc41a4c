create
connect version=4
broker send 30
receive 100
broker send 05 00
receive 100
broker send 01 74 68
receive 100
broker send 69
receive 300
disconnect 0
destroy
