# differs: what was received can still be taken
create
connect version=4 clean=0
broker send 30 04 00 01 74 31
yield
disconnect 0
broker once CONNECT 20 02 00 05
connect version=4 clean=1
connect version=4 clean=0
receive 100
disconnect 0
destroy
