create
connect version=4 clean=0 window=4
broker always PUBLISH none
publish t 1 1
publish t 2 1
publish t 3 1
broker close
yield
connect version=4 clean=0 window=1
start publish t 4 1
broker send 40 02 00 01 40 02 00 02 40 02 00 03
join
pending
disconnect 0
destroy
