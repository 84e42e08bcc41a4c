# differs: MQTT 5 resends on a new connection only
create version=5
callbacks
connect5 start=0 retry=1 keepalive=2
broker omit PINGREQ
broker once PUBLISH none
publish5 t x 1
sleep 11500
pending
disconnect5 0
destroy
