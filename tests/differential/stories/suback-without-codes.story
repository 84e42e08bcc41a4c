create
broker omit DISCONNECT
connect version=4
broker once SUBSCRIBE 90 02 ID
subscribe a:2
isconnected
destroy
