# differs: what does not fit in a packet is refused
create id=*65535
connect version=4
disconnect 0
destroy
create id=*65536
connect version=4
disconnect 0
connect version=3
destroy
create id=*65536 version=5
connect5
disconnect 0
destroy
