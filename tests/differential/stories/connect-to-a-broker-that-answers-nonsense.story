# differs: another packet than CONNACK fails the connect at once
create
broker omit DISCONNECT
broker once CONNECT 90 03 00 01 00
timed 500 connect version=4 timeout=1
broker once CONNECT ff ff ff ff ff ff
connect version=4 timeout=1
broker once CONNECT 20 01 00
connect version=4 timeout=1
destroy
