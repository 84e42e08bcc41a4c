create version=5
broker omit DISCONNECT
connect5
broker send 30 05 00 01 74 00 31 30 05 00 01 74 00 32 30 05 00 01 74 00 33 e0 02 8b 00 close
sleep 100
receive 500
receive 500
receive 500
isconnected
receive 500
receive 500
destroy
