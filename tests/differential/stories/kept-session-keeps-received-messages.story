create
connect version=4 clean=0
broker send 32 06 00 01 74 00 05 68
yield
disconnect 0
receive 100
connect version=4 clean=0
receive 100
disconnect 0
destroy
