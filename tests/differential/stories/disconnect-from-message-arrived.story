create
callbacks
connect version=4
on arrived do disconnect 0
broker send 30 04 00 01 74 31
isconnected
destroy
