create
broker once CONNECT 20
broker later 0 00
connect version=4 timeout=1
destroy
