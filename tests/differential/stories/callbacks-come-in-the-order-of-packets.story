create
callbacks
connect version=4
broker always PUBLISH hold
publish t x 1
broker send 30 04 00 01 74 31 40 02 00 01 30 04 00 01 74 32
disconnect 0
destroy
