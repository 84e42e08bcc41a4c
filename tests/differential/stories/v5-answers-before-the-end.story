create version=5
broker omit DISCONNECT
callbacks
disconnected
connect5
broker once SUBSCRIBE 90 04 ID 00 01 e0 02 8b 00 close
subscribe5 t:1
connect5
broker once UNSUBSCRIBE b0 04 ID 00 00 e0 02 8b 00 close
unsubscribe5 t
destroy
create version=5
connect5
broker once SUBSCRIBE 90 04 ID 00 01 30 05 00 01 74 00 31 30 05 00 01 74 00 32 e0 02 8b 00 close
subscribe5 t:1
receive 500
receive 500
receive 500
broker once CONNECT 20 03 00 00 00 30 05 00 01 74 00 31 e0 02 8b 00 close
connect5
receive 500
receive 500
destroy
