create
callbacks
connect version=4 window=5
broker always PUBLISH hold
publish t x 1
timed 500 disconnect 500
connect version=4 window=5
broker always PUBLISH after 200
publish t x 2
disconnect 3000
destroy
