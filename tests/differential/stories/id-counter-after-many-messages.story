create
callbacks
connect version=4 clean=0
publish t x 1
publish t x 1
publish t x 2
subscribe t:0
disconnect 500
connect version=4 clean=0
publish t x 1
disconnect 500
connect version=4 clean=1
publish t x 1
disconnect 500
destroy
