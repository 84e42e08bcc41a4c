create
callbacks
connect version=4
timed 100 yield
disconnect 0
timed 100 yield
destroy
