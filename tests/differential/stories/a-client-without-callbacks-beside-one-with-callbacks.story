broker omit PINGREQ
@b create
@b connect version=4 keepalive=1
@a create
@a callbacks
@a connect version=4
@b publish t x 2
broker await PINGREQ 2
broker send c1 34 06 00 01 74 00 05 31
@c create version=5
@c published
@c connect5 keepalive=1
@c publish5 t x 1
broker await PINGREQ 3
broker close c1
@b publish t x 1
@b connect version=4
@a disconnect 0
@b publish t x 1
@b disconnect 0
@c disconnect5 0
@a destroy
@b destroy
@c destroy
