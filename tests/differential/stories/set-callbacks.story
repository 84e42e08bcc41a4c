create
callbacks arrived=no
callbacks lost=no complete=no
connect version=4
broker send 30 04 00 01 74 31
publish t x 1
callbacks
publish t x 1
broker close
destroy
