# differs: without a session on the server its unfinished messages will not go on
store put r-6 #340700017400066869
create store=user
connect version=4 clean=0
broker send 62 02 00 06
receive 200
disconnect 0
destroy
