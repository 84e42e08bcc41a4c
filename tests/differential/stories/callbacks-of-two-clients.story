@a create
@b create
@a callbacks
@b callbacks
@a connect version=4
@b connect version=4
broker send c1 30 04 00 01 74 31
broker send c2 30 04 00 01 74 32
@a publish t x 1
@b publish t x 2
broker close c1
@b publish t x 1
@b disconnect 0
@a destroy
@b destroy
