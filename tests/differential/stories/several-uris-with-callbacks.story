create
callbacks
connect version=4 uris=tcp://127.0.0.1:1,127.0.0.1:PORT,tcp://localhost:PORT
broker close
connect uris=127.0.0.1:PORT
disconnect 0
destroy
