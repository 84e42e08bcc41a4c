# differs: the other messages can be read
store put q-1 #010000006801000000000000000000000005000000740001000000
store put q-2 #010000006901000000000000000000000006000000740001000000
store fail get -2 0 1
create store=user
connect version=4 clean=0
receive 100
receive 100
disconnect 0
destroy
create store=user
connect version=4 clean=0
receive 100
disconnect 0
destroy
