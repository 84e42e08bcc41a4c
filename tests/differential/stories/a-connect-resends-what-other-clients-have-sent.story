# differs: a client sends again what it has sent when its own connection begins
@a create
@b create
@a connect version=4 clean=0 reliable=0
@b connect version=4 clean=0 reliable=0
broker once PUBLISH hold
@a publish t 1 1
broker once PUBLISH none
@b publish t 1 1
broker close @b
yield
broker once CONNECT 20 02 01 00
@b connect version=4 clean=0 reliable=0
broker release
yield
@a disconnect 300
@b disconnect 0
@a destroy
@b destroy
