# differs: no connection is opened when there is no time to use it
create
connect version=4 timeout=0
publish t x 0
destroy
