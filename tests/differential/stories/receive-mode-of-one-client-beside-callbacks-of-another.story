# differs: each client is used in its own way
@a create
@b create
@a callbacks
@a connect version=4
@b connect version=4
broker send c2 30 04 00 01 74 32
@b receive 300
@a disconnect 0
@b disconnect 0
@a destroy
@b destroy
