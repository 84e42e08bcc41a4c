create
broker once CONNECT 20 02 00 01 close
connect
isconnected
disconnect 0
broker once CONNECT close
connect
disconnect 0
broker once CONNECT 20 02 00 01 close
broker once CONNECT 20 02 00 01 close
connect
broker once CONNECT 20 02 00 01
broker once CONNECT 20 02 00 04
connect
destroy
