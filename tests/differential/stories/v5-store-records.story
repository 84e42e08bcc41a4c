create version=5 store=file
connect5 start=0 window=10
broker always PUBLISH hold
broker always PUBREL hold
publish5 t/1 one 1 1 props=1:1
publish5 t/2 two 2
broker release
yield
yield
broker release
yield
yield
disconnect5 0
destroy
