# differs: a number of seconds is not too large for a number of milliseconds
create
connect version=4 timeout=2147483
disconnect 0
connect version=4 timeout=2147484
disconnect 0
connect version=4 timeout=2147483647
disconnect 0
connect version=4 timeout=-1
destroy
