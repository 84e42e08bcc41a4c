create
connect version=4
broker send 30 05 00 01 74 68 69 close
receive 500
receive 500
receive 500
destroy
