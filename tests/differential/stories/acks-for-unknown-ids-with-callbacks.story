# differs: deliveryComplete is called for messages of the program only
create
callbacks
connect version=4
broker send 40 02 00 63
broker send 50 02 00 63
broker send 70 02 00 63
broker send 62 02 00 63
disconnect 0
destroy
