create
connect version=4 reliable=0
broker deaf
start publish t *12000000 0
sleep 500
broker hear
join
publish t after 1
yield 2
disconnect 500
destroy
