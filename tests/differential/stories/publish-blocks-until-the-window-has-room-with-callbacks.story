create
callbacks
connect version=4
broker always PUBLISH after 700
publish t 1 1
publish t 2 1
publish t 3 0
publish t 4 2
sleep 900
disconnect 1000
destroy
