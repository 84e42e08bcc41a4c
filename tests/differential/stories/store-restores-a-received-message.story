# differs: restored messages have their eyecatcher
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/r-6.msg #340700017400066869
file write a-127.0.0.1-PORT/q-3.msg #02000000686901000000000000000000000009000000740001000000
create store=file
broker once CONNECT 20 02 01 00
connect version=4 clean=0
receive 100
broker send 62 02 00 06
receive 200
receive 100
disconnect 0
destroy
