# differs: what a store returns says nothing about the connection
create store=user
connect version=4 clean=0
store fail remove -1 1 1
publish t x 1
wait 1 500
yield
isconnected
disconnect 0
destroy
