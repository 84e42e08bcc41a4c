create
broker once CONNECT 20 02 00 01
connect version=4
broker once CONNECT 20 02 00 02
connect version=4
broker once CONNECT 20 02 00 03
connect version=4
broker once CONNECT 20 02 00 04
connect version=4
broker once CONNECT 20 02 00 05
connect version=4
broker once CONNECT 20 02 00 4d
connect version=4
broker once CONNECT 20 02 00 ff
connect version=4
isconnected
connect version=4
disconnect 0
destroy
