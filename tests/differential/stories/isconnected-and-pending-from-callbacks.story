create
callbacks
connect version=4
on arrived do isconnected
broker send 30 04 00 01 74 31
on arrived do pending
broker send 30 04 00 01 74 31
on complete do isconnected
publish t x 1
broker close
destroy
