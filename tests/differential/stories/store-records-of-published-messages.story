create store=file
connect version=4 clean=0 window=10
broker always PUBLISH hold
broker always PUBREL hold
publish t/1 one 1 1
publish t/2 two 2
publish t/0 nil 0
broker release
yield
yield
broker release
yield
yield
disconnect 0
destroy
