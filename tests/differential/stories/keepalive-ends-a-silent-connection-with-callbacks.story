create
callbacks
broker omit DISCONNECT
connect version=4 keepalive=1
broker always PINGREQ none
sleep 2000
isconnected
sleep 1500
isconnected
destroy
