# differs: the connection is closed without DISCONNECT, so that the will is published
create
callbacks
connect version=4 keepalive=1
broker always PINGREQ none
sleep 3500
destroy
