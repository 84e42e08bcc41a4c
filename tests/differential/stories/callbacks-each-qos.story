create store=user
callbacks
connect version=4 clean=0
subscribe t:2
publish t/1 hello 1 1
publish t/2 hello 2 0
broker send 30 05 00 01 74 68 69
broker send 33 07 00 01 74 00 05 68 69
broker send 34 07 00 01 74 00 06 68 69
broker close
connect version=4 clean=0
broker reset
destroy
