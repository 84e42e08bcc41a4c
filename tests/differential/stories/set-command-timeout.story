create
timeout 4999
timeout 5000
timeout 0
timeout 100000
destroy
