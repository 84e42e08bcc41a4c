create
connect version=4 clean=0 window=10
broker always PUBLISH none
broker always PUBREL none
publish t one 1
publish t two 2 1
publish t three 2
broker send 50 02 00 02
yield
broker close
yield
isconnected
pending
connect version=4 clean=0 window=10
broker close
yield
broker once CONNECT 20 02 01 00
broker usual
connect version=4 clean=0 window=10
yield 3
pending
publish t four 1
disconnect 500
destroy
