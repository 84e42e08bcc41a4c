# differs: the line is written before the write
trace 4
create
broker omit DISCONNECT
connect version=4 clean=0
broker once PUBLISH 50 02 ID reset
publish t x 2
sleep 100
yield 2
destroy
