create
connect version=4 reliable=0
broker always PUBLISH hold
publish t 1 1
publish t 2 1
publish t 3 1
publish t 4 1
publish t 5 1
publish t 6 1
publish t 7 1
publish t 8 1
publish t 9 1
publish t 10 1
start publish t 11 1
broker release 1
join
pending
broker release
disconnect 1000
destroy
