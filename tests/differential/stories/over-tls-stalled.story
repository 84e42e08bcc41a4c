way ssl
create
callbacks
connect version=4 reliable=0
broker deaf
start publish t *12000000 1
sleep 500
broker hear
join
publish t after 1
disconnect 500
destroy
