create
callbacks
connect version=4 clean=0 window=10
broker always PUBLISH none
publish t one 1
publish t two 2 1
disconnect 0
pending
broker usual
connect version=4 clean=0 window=10
pending
disconnect 500
destroy
