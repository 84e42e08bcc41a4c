# differs: the keep alive that the server asks for is used
create version=5
callbacks
broker once CONNECT 20 06 00 00 03 13 00 01
connect5 keepalive=60
sleep 1500
disconnect5 0
destroy
