# differs: the call ends with what it waits for, not at the end of a step of 100 ms
create
connect version=4 window=10
broker always PUBLISH hold
publish t 1 1
publish t 2 2
wait 1 0
timed 100 wait 1 300
wait 99 300
wait 0 300
wait -1 300
broker release
wait 1 500
wait 2 500
wait 2 500
disconnect 0
wait 1 100
destroy
