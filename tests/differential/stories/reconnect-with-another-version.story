create
connect version=4 clean=0
broker always PUBLISH none
publish t x 1
disconnect 0
broker usual
connect version=3 clean=0
yield
pending
disconnect 0
connect version=0 clean=0
disconnect 0
destroy
