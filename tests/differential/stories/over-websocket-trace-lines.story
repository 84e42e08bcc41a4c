way ws
trace 4
create
connect version=4
publish t x 1
wait 1 1000
disconnect 0
destroy
trace 0
