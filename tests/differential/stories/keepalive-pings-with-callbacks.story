create
callbacks
connect version=4 keepalive=1
sleep 1500
sleep 1000
disconnect 0
destroy
