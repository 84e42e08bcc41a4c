create
connect version=4 uris=[127.0.0.1]:PORT
disconnect 0
connect version=4 uris=[127.0.0.1:PORT
disconnect 0
connect version=4 uris=127.0.0.1]:PORT
disconnect 0
connect version=4 uris=[[127.0.0.1]]:PORT
destroy
