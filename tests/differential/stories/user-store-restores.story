# differs: the list of keys tells what there is, pcontainskey is asked only for what it cannot tell
store put s-2 #3206000174000278
store put sc-4 #62020004
store put r-6 #340700017400066869
create store=user
pending
broker once CONNECT 20 02 01 00
connect version=4 clean=0
yield
broker send 62 02 00 06
receive 200
disconnect 0
destroy
