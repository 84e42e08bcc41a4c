create store=file
connect version=4 clean=0 window=3
broker always PUBLISH none
publish t x 1
publish t y 2
disconnect 0
destroy
create store=user
connect version=4 clean=0
disconnect 0
destroy
