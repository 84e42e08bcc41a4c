# differs: after Request Problem Information 0 a server must not explain its answers
create version=5
connect5 props=23:0
broker once SUBSCRIBE 90 0b ID 07 26 00 01 6b 00 01 76 00
subscribe5 t:1
isconnected
disconnect5 0
destroy
