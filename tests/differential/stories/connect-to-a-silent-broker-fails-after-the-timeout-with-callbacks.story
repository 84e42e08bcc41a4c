create
callbacks
broker always CONNECT none
timed 500 connect version=4 timeout=1
isconnected
destroy
