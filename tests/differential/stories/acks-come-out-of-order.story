create
callbacks
connect version=4 window=10
broker always PUBLISH hold
publish t 1 1
publish t 2 1
publish t 3 2
publish t 4 1
broker release reverse
pending
disconnect 500
destroy
