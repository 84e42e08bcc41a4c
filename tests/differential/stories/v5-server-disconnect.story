create version=5
broker omit DISCONNECT
callbacks
disconnected
connect5
broker send e0 02 8b 00
isconnected
connect5
broker send e0 00
destroy
