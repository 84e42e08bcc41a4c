way ssl
create
callbacks
connect version=4
subscribe t:2
publish t hello 1
publish t hello 2
broker send 30 05 00 01 74 68 69
publish t *100000 1
broker send 34 07 00 01 74 00 06 68 69 62 02 00 06
broker close
connect version=4 clean=0
unsubscribe t
disconnect 0
destroy
