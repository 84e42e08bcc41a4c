create
callbacks
connect version=4
broker send 30 03 00 01 74
publish t "" 2 1
publish t NULL 1 0
disconnect 500
destroy
