# differs: codes that no version knows are a protocol error
create
broker omit DISCONNECT
connect version=4
broker once SUBSCRIBE 90 03 ID 03
subscribe a:2
isconnected
disconnect 0
destroy
