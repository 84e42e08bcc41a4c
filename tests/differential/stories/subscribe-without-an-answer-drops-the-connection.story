create
broker omit DISCONNECT
timeout 4999
timeout 5000
connect version=4
broker always SUBSCRIBE none
timed 1000 subscribe a:2
isconnected
destroy
