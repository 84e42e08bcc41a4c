create
broker once CONNECT 20 02 01 00
connect version=4 clean=0
disconnect 0
broker once CONNECT 20 02 01 00
connect version=3 clean=0
disconnect 0
broker once CONNECT 20 02 00 00
connect version=4 clean=0
disconnect 0
connect version=4 struct=3
disconnect 0
connect struct=2
disconnect 0
destroy
