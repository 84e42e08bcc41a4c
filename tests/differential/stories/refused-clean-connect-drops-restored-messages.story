# differs: the list of keys tells what there is, pcontainskey is asked only for what it cannot tell
store put s-2 #3206000174000278
create store=user
pending
broker once CONNECT 20 02 00 05
connect version=4 clean=0
pending
broker once CONNECT 20 02 00 05
connect version=4
pending
destroy
