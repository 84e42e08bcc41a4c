create
connect version=4 clean=0
broker always PUBLISH hold
publish t 1 1
broker later 300 close
publish t 2 1
pending
publish t 3 1
destroy
