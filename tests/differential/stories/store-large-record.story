create store=file
connect version=4 clean=0
broker always PUBLISH none
publish t *300 1 1
disconnect 0
destroy
create store=file
pending
broker usual
connect version=4 clean=0
wait 1 500
disconnect 0
destroy
