create
connect version=4
timed 100 receive 0
timed 100 receive 300
disconnect 0
destroy
