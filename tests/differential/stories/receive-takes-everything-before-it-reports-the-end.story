# however the server ends the connection behind its messages, and whatever was waited for when they came
create
broker omit DISCONNECT
connect version=4
broker send 30 04 00 01 74 31 30 04 00 01 74 32 30 04 00 01 74 33 close
sleep 100
receive 500
isconnected
receive 500
receive 500
isconnected
receive 500
receive 500
connect version=4
broker send 30 04 00 01 74 31 30 04 00 01 74 32 30 ff ff ff ff ff
receive 500
receive 500
receive 500
broker once CONNECT 20 02 00 00 30 04 00 01 74 31 30 04 00 01 74 32 30 04 00 01 74 33 close
connect version=4
receive 500
receive 500
receive 500
receive 500
connect version=4
broker once SUBSCRIBE 90 03 ID 00 30 04 00 01 74 31 30 04 00 01 74 32 close
subscribe t:0
receive 500
receive 500
receive 500
destroy
