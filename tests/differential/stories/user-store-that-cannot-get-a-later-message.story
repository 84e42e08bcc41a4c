# differs: the client works without a store rather than with a part of it
create store=user version=4
connect version=4 clean=0 window=5
broker always PUBLISH none
publish t one 2
publish t two 1
broker close
yield
broker usual
destroy
store fail get -2 1 1
create store=user version=4
pending
connect version=4 clean=0 window=5
publish t three 1
yield 2
disconnect 100
destroy
create store=user version=4
pending
connect version=4 clean=0 window=5
yield 3
pending
disconnect 100
destroy
