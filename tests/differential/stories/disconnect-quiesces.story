create
connect version=4 window=5
broker always PUBLISH hold
publish t x 1
timed 100 disconnect 300
connect version=4 window=5
publish t x 1
timed 100 disconnect 0
connect version=4 window=5
broker always PUBLISH after 200
publish t x 2
disconnect 3000
connect version=4
broker always PUBREC none
broker send 34 07 00 01 74 00 06 68 69
receive 200
timed 100 disconnect 300
destroy
