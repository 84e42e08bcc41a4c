# differs: what does not fit in a packet is refused
create
connect version=4
publish *65536 x 0
disconnect 0
destroy
