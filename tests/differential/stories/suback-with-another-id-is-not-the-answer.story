# differs: an acknowledgement answers the request with its packet identifier
create
timeout 5000
connect version=4
broker once SUBSCRIBE 90 03 00 63 80 90 03 ID 02
subscribe a:2
receive 100
disconnect 0
destroy
