create
connect version=4 keepalive=1
receive 1500
receive 1000
disconnect 0
destroy
