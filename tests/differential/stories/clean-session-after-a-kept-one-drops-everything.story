create
connect version=4 clean=0 window=10
broker always PUBLISH none
publish t one 1
broker send 32 06 00 01 74 00 05 68
yield
disconnect 0
pending
connect version=4 clean=1
pending
receive 100
publish t two 1
disconnect 0
destroy
