create
callbacks
connect version=4 clean=0 reliable=0
broker deaf
start publish t *12000000 1
timed 1000 disconnect 300
join
isconnected
pending
destroy
