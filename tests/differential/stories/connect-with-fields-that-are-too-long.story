# differs: what does not fit in a packet is refused
create
broker omit CONNECT
connect version=4 user=*65536
disconnect 0
connect version=4 user=u password=*65536
disconnect 0
connect version=4 will=*65536 message=m
disconnect 0
connect version=4 will=w message=*65536
disconnect 0
connect version=4 will=w message=*65535
disconnect 0
destroy
