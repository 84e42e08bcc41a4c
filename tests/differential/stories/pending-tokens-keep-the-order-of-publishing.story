create
connect version=4 window=10
broker always PUBLISH hold
publish t 1 2
publish t 2 1
publish t 3 2
pending
broker release reverse
yield
pending
yield
pending
disconnect 0
pending
destroy
