trace 4
create
callbacks
connect version=4 clean=0
publish t hello 1
publish t hello 2
broker send 34 07 00 01 74 00 06 68 69
disconnect 0
connect version=3 clean=1
disconnect 0
destroy
