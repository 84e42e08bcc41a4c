create
broker once CONNECT 20 02 01 05
connect version=4
broker once CONNECT 20 02 01 02
connect version=4
destroy
@b create version=5
broker once CONNECT 20 03 01 87 00
@b connect5
@b destroy
