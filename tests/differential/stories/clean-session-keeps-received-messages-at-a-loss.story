# differs: what was received before a loss can still be taken
create
connect version=4
broker send 30 04 00 01 74 31 30 04 00 01 74 32
yield 2
broker close
sleep 100
receive 200
receive 200
connect version=4 clean=0
receive 200
disconnect 0
destroy
