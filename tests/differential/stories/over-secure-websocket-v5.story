way wss
create version=5
callbacks
published
connect5 props=17:30,38:a~b
subscribe5 t:2 props=11:5 nolocal=1
publish5 t hello 1 0 props=1:1
broker once PUBLISH 40 03 ID 87
publish5 t refused 1
publishmessage5 t hello 2 1 props=38:k~v
broker send 32 0b 00 01 74 00 07 04 0b 05 01 01 68
disconnect5 0 reason=4
destroy
