# differs: a client with unsent bytes is read here
create
callbacks
connect version=4 clean=0 reliable=0
subscribe t:1
broker deaf
start publish t *12000000 0
sleep 300
broker send 32 06 00 01 74 00 01 31
sleep 500
broker hear
join
yield 2
disconnect 500
destroy
