create
connect version=4
broker send 30 04 00 01 74 31
callbacks
receive 300
disconnect 0
connect version=4
receive 100
disconnect 0
destroy
