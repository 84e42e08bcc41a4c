@a create store=file
@b create store=file
@a connect version=4 clean=0 window=5
@b connect version=4 clean=0 window=5
broker always PUBLISH none
@a publish t x 1
@b publish t x 1
@b publish t y 2
@a disconnect 0
@b disconnect 0
@a destroy
@b destroy
@b create store=file
@b pending
@b destroy
