create
connect version=4
broker once SUBSCRIBE close
timed 1000 subscribe a:2
isconnected
destroy
