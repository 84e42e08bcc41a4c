create
callbacks
connect version=4
broker send 30 04 00 01 74 31 30 04 00 01 74 32 30 04 00 01 74 33 32 06 00 01 74 00 01 34
disconnect 0
destroy
