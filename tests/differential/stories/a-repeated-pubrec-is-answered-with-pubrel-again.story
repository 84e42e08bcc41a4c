# differs: deliveryComplete is called once for a message of the program
create
callbacks
connect version=4
broker always PUBREL none
publish t x 2
broker send 50 02 00 01
broker send 70 02 00 01
broker send 70 02 00 01
disconnect 0
destroy
