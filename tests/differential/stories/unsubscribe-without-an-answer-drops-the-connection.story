create
broker omit DISCONNECT
timeout 5000
connect version=4
broker always UNSUBSCRIBE none
timed 1000 unsubscribe a
isconnected
destroy
