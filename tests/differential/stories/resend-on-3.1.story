create
connect version=3 clean=0 window=10
broker always PUBLISH none
publish t one 1
publish t two 2 1
broker send 50 02 00 02
yield
broker close
yield
broker usual
connect version=3 clean=0 window=10
yield 3
disconnect 500
destroy
