# differs: session present is told for MQTT 5 too
create version=5
broker once CONNECT 20 03 01 00 00
connect5 start=0
disconnect5 0
destroy
