create
callbacks
connect version=4
on arrived do publish answer x 1
broker send 30 04 00 01 74 31
disconnect 500
destroy
