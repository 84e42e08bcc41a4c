# differs: the callback that was set is called, though the client has no thread of its own
create version=5
broker omit DISCONNECT
disconnected
connect5 start=0
broker send e0 02 8b 00 close
yield 2
isconnected
publish5 t x 1
connect5 start=0
disconnect5 0
destroy
