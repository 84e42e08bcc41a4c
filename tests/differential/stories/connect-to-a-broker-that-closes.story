create
broker always CONNECT close
connect version=4
connect version=3
broker always OPEN close
connect version=4
broker usual
connect version=4
disconnect 0
destroy
