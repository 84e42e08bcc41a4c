create
connect version=4
publish t 1 1
publish t 2 1
subscribe t:1
publish t 3 1
unsubscribe t
publish t 4 1
wait 6 500
disconnect 0
connect version=4
publish t 5 1
disconnect 500
connect version=4 clean=0
publish t 6 1
wait 2 500
disconnect 0
connect version=4 clean=0
publish t 7 1
wait 3 500
disconnect 0
destroy
