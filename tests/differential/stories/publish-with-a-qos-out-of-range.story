# differs: such a QoS is refused
create
connect version=4 window=10
publish t x 4
publish t x -1
publish t x 5
disconnect 0
destroy
