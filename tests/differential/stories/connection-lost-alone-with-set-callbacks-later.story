create
connect version=4
callbacks
broker send 30 04 00 01 74 31
receive 200
broker close
receive 300
isconnected
destroy
