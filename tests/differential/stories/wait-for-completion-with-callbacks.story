create
callbacks
connect version=4 window=10
broker always PUBLISH hold
publish t 1 1
publish t 2 2
wait 1 0
timed 200 wait 1 400
wait 99 300
start wait 1 5000
broker release
join
wait 2 500
disconnect 0
wait 1 100
destroy
