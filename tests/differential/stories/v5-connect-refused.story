create version=5
broker once CONNECT 20 03 00 87 00
connect5
broker once CONNECT 20 02 00 87
connect5
broker once CONNECT 20 03 00 84 00
connect5
isconnected
connect5
disconnect5 0
destroy
