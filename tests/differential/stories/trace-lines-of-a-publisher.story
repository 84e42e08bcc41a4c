trace 4
create
connect version=4
publish t hello 0
publish t hello 1
wait 1 500
publish t hello 2 1
yield
publish t "" 0
subscribe t:1
unsubscribe t
disconnect 0
destroy
