create
callbacks
connect version=4
broker always PUBLISH hold
publish t 1 1
start publish t 2 1
disconnect 0
join
destroy
