create
broker once CONNECT 20 02 00 01
connect version=3
broker once CONNECT 20 02 00 05
connect version=3
connect version=3
disconnect 0
destroy
