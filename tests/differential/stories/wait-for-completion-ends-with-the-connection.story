create
callbacks
connect version=4 window=10
broker always PUBLISH hold
publish t 1 1
start wait 1 5000
broker close
join
destroy
