# differs: nothing asks for more than one resend in each connection
create
callbacks
connect version=4 clean=0 keepalive=2
broker omit PINGREQ
broker omit DISCONNECT
broker always PUBLISH none
publish t x 1
broker reset
connect version=4 clean=0 keepalive=2
broker reset
connect version=4 clean=0 keepalive=2
sleep 11500
disconnect 0
destroy
