# differs: what came before the end counts, also when both come in one reading of TLS
way ssl
create
broker omit DISCONNECT
connect version=4
broker once PUBLISH 40 02 ID close
publish t x 1
wait 1 2000
receive 500
connect version=4
broker once PUBLISH 40 02 ID 30 04 00 01 74 31 30 04 00 01 74 32 close
publish t x 1
sleep 100
wait 1 2000
receive 500
receive 500
receive 500
connect version=4
broker once SUBSCRIBE 90 03 ID 01 30 04 00 01 74 31 close
subscribe t:1
receive 500
receive 500
destroy
