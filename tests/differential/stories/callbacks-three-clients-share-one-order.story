create
callbacks
connect version=4 window=5
broker send 30 04 00 01 74 31 32 06 00 01 74 00 01 32 34 06 00 01 74 00 02 33
publish t x 1
publish t x 2
broker send 30 04 00 01 74 34
disconnect 0
destroy
