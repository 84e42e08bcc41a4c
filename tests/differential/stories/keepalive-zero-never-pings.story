create
callbacks
connect version=4 keepalive=0
sleep 1500
disconnect 0
destroy
