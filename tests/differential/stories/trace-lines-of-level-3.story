# differs: lines about threads, locks and memory of the original are not written
trace 3
create
connect version=4 reliable=0
publish t x 1
publish t x 2
yield 2
disconnect 0
callbacks complete=no
connect version=4 clean=0
broker send 32 05 00 01 74 00 01
publish t x 1
broker once PUBLISH none
publish t x 1
broker close
connect version=4 clean=0
disconnect 0
destroy
