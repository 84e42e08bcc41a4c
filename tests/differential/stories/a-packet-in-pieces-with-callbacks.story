create
callbacks
connect version=4
broker send 30
broker send 05 00
broker send 01 74 68
broker send 69 30
broker send 05 00 01 74 68 69
disconnect 0
destroy
