create store=file
connect version=4 clean=0 window=4
broker always PUBLISH none
publish t x 1 1
publish t y 2
broker close
yield
connect version=4 clean=0 window=4
broker send 50 02 00 02
yield
broker close
yield
connect version=4 clean=0 window=4
disconnect 0
destroy
