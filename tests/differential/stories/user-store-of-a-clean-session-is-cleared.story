# differs: the list of keys tells what there is, pcontainskey is asked only for what it cannot tell
store put s-2 #3206000174000278
store put q-2 #010000003200000000010000000000000000000000740001000000
create store=user
pending
connect version=4
pending
receive 100
disconnect 0
destroy
