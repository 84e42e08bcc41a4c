create
connect version=4
broker send 32 06 00 01 74 00 05 68
yield
disconnect 0
connect version=4
receive 100
disconnect 0
destroy
