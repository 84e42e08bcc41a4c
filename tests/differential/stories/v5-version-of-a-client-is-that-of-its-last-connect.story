create version=5
connect5 version=4 clean=1 start=0
subscribe5 t:1
publish t x 1
disconnect 0
connect5
connect version=4
disconnect 0
destroy
create
connect version=5 clean=0 start=1
publish t x 1
publish5 t x 1
disconnect 0
connect version=4
connect5
disconnect5 0
destroy
