create
connect5
connect5 version=4
connect version=4
connect5
disconnect 0
destroy
