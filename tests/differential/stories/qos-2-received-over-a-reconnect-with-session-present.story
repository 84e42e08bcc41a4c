create
broker always PUBREC none
broker once CONNECT 20 02 00 00
connect version=4 clean=0
broker send 34 07 00 01 74 00 06 68 69
yield
broker close
yield
broker once CONNECT 20 02 01 00
connect version=4 clean=0
broker send 62 02 00 06
receive 200
disconnect 0
destroy
