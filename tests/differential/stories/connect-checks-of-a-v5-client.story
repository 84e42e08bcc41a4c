# differs: no connection is opened when there is no time to use it
create version=5
connect version=4
connect5 version=6
connect5 clean=1
connect5 eye=XXXX
connect5 NULL
connect5 will= message=x
connect5 timeout=0
connect5
isconnected
disconnect5 0
destroy
