# differs: the limits that the server told are kept
create version=5
broker once CONNECT 20 05 00 00 02 24 00
connect5 reliable=0
publish5 t x 1
publish5 t x 0
disconnect5 0
broker once CONNECT 20 05 00 00 02 25 00
connect5 reliable=0
publish5 t x 0 1
publish5 t x 0 0
disconnect5 0
broker once CONNECT 20 08 00 00 05 27 00 00 00 0c
connect5 reliable=0
publish5 t hello 0
publish5 t hello,this,is,long 0
disconnect5 0
destroy
