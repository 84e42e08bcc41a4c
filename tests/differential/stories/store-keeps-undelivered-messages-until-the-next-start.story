# differs: restored messages have their eyecatcher
create store=file
connect version=4 clean=0
broker send 33 07 00 01 74 00 05 68 69 30 05 00 01 75 68 69
yield 2
disconnect 0
destroy
create store=file
connect version=4 clean=0
receive 100
receive 100
receive 100
disconnect 0
destroy
