create
connect version=4 window=10
broker always PUBLISH none
publish t one 1
publish t two 2 1
broker close
yield
pending
connect version=4
pending
publish t three 1
disconnect 0
pending
destroy
