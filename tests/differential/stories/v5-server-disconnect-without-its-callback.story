# differs: the connection ends with the DISCONNECT of the server, which must close it
create version=5
broker omit DISCONNECT
callbacks
connect5
broker send e0 02 8b 00
isconnected
broker close
destroy
