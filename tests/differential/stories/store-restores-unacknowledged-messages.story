create store=file
connect version=4 clean=0 window=10
broker always PUBLISH none
broker always PUBREL none
publish t one 1
publish t two 2
publish t three 2 1
broker send 50 02 00 02
yield
broker close
yield
destroy
create store=file
pending
broker usual
connect version=4 clean=0
yield 3
pending
disconnect 0
destroy
