# differs: the server has ended the connection and must close it
create version=5
callbacks
disconnected
connect5
broker send e0 02 8b 00
isconnected
connect5
broker send e0 00
destroy
