create id=
connect version=4
disconnect 0
connect version=4 clean=0
disconnect 0
connect version=3
disconnect 0
destroy
