# differs: a list of the wrong length is a protocol error
create version=5
broker omit DISCONNECT
connect5
broker once SUBSCRIBE 90 05 ID 00 00 01
subscribemany5 a:0 b:1 c:2
isconnected
destroy
