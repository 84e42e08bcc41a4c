create
callbacks
connect version=4 clean=0 window=5
broker always PUBLISH none
publish t one 1
publish t two 2
broker close
pending
broker usual
connect version=4 clean=0 window=5
pending
disconnect 500
destroy
