create version=5
broker omit DISCONNECT
callbacks
disconnected
connect5
on disconnected do connect5
broker send e0 02 8b 00
isconnected
publish5 t x 1
disconnect5 0
destroy
