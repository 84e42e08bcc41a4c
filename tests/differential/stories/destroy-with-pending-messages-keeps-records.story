create store=file
connect version=4 clean=0
broker always PUBLISH none
publish t x 1
disconnect 0
destroy
create store=file id=b
destroy
create store=file
pending
destroy
