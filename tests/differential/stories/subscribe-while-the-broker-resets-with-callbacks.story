# differs: the call ends with the connection
create
timeout 5000
callbacks
connect version=4
broker once SUBSCRIBE reset
timed 1000 subscribe a:2
isconnected
destroy
