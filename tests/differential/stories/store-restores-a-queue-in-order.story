# differs: restored messages have their eyecatcher
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/q-10.msg #010000003a00000000000000000000000000000000740001000000
file write a-127.0.0.1-PORT/q-2.msg #010000003200000000010000000000000000000000740001000000
file write a-127.0.0.1-PORT/q-3.msg #010000003300000000000000000000000000000000740001000000
create store=file
connect version=4 clean=0
broker send 30 04 00 01 74 34
receive 100
receive 100
receive 100
receive 100
disconnect 0
destroy
