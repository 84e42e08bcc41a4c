trace 4
create
connect version=4
broker send 90 03 ff f1 01
yield 2
broker send b0 02 ff f1
yield 2
broker send 40 02 ff f1
yield 2
subscribe t:1
unsubscribe t
disconnect 0
