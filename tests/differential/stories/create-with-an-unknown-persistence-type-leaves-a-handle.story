create store=3
connect version=4
publish t hello 1
disconnect 0
destroy
create store=-1
disconnect 0
destroy
