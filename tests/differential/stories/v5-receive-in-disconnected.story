create version=5
broker omit DISCONNECT
callbacks
disconnected
connect5
on disconnected do receive 10
broker send e0 00
receive 10
destroy
