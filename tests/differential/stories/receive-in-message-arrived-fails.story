create
callbacks
connect version=4
on arrived do receive 100
broker send 30 04 00 01 74 31
disconnect 0
destroy
