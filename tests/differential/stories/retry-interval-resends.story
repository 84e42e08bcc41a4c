create
connect version=4 clean=0 retry=1 keepalive=60
broker always PUBLISH none
publish t x 1
receive 12000
disconnect 0
destroy
