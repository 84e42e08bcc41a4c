create
connect version=4
broker send 40 02 00 63
broker send 50 02 00 63
broker send 70 02 00 63
broker send 62 02 00 63
receive 300
isconnected
publish t x 1
wait 1 300
disconnect 0
destroy
