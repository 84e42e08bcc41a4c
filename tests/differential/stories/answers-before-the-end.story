# a request that was answered, or a connect that was accepted, is a success although the connection ends behind the answer
create
broker omit DISCONNECT
callbacks
broker once CONNECT 20 02 00 00 close
connect version=4
sleep 100
connect version=4
broker once SUBSCRIBE 90 03 ID 01 close
subscribe t:1
connect version=4
broker once UNSUBSCRIBE b0 02 ID close
unsubscribe t
connect version=4
broker once SUBSCRIBE 90 03 ID 01 30 ff ff ff ff ff
subscribe t:1
destroy
create
connect version=4
broker once SUBSCRIBE 90 03 ID 01 30 04 00 01 74 31 30 04 00 01 74 32 30 ff ff ff ff ff
subscribe t:1
receive 500
receive 500
receive 500
broker once CONNECT 20 02 00 00 30 04 00 01 74 31 30 04 00 01 74 32 30 ff ff ff ff ff
connect version=4
receive 500
receive 500
receive 500
destroy
