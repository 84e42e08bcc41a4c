create
connect version=4 window=2
broker always PUBLISH hold
publish t 1 1
publish t 2 2
start publish t 3 0
broker release 1
join
disconnect 0
connect version=4 window=0 reliable=0
publish t 4 1
publish t 5 1
disconnect 0
connect version=4 window=3 struct=5
publish t 6 1
start publish t 7 1
broker release
join
disconnect 0
destroy
