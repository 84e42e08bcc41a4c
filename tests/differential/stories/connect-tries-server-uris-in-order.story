create
connect version=4 uris=tcp://127.0.0.1:1,tcp://127.0.0.1:PORT
disconnect 0
connect version=4 uris=127.0.0.1:PORT,tcp://127.0.0.1:1
disconnect 0
broker once CONNECT 20 02 00 05
connect version=4 uris=tcp://127.0.0.1:PORT,tcp://127.0.0.1:PORT
disconnect 0
broker once CONNECT 20 02 00 05
connect version=4 uris=tcp://127.0.0.1:PORT,tcp://127.0.0.1:1
broker once CONNECT 20 02 00 05
connect version=4 uris=tcp://127.0.0.1:1,tcp://127.0.0.1:PORT
connect version=4 uris=foo://127.0.0.1:PORT
connect version=4 uris=tcp://127.0.0.1:1 struct=1
disconnect 0
destroy
