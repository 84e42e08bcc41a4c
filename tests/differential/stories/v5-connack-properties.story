create version=5
broker once CONNECT 20 11 00 00 0e 21 00 0a 22 00 05 12 00 03 'cid 25 00
connect5
disconnect5 0
broker once CONNECT 20 02 00 00
connect5
disconnect5 0
destroy
