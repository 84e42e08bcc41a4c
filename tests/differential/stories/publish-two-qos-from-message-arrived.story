create
callbacks
connect version=4 window=10
on arrived do publish t x 0
broker send 30 04 00 01 74 31
on arrived do publish t x 2
broker send 30 04 00 01 74 31
disconnect 500
destroy
