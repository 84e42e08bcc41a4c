create
callbacks
connect version=4
broker send 30 05 00 01 74 68 69
receive 300
disconnect 0
receive 10
destroy
