# differs: no connection is opened when there is no time to use it
create
broker always CONNECT none
timed 500 connect version=4 timeout=1
connect version=4 timeout=0
connect version=4 timeout=-1
isconnected
destroy
