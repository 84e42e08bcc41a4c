create version=5 store=user
store fail clear -2 0 1
broker once CONNECT 20 06 00 00 03 21 00 05
connect5 start=1 will=w message=x
isconnected
store fail clear 7 0 1
connect5 start=1
store fail clear -1 0 1
broker once CONNECT 20 05 00 00 02 25 01
connect5 start=1 uris=127.0.0.1:PORT
store fail clear -3 0 1
broker once CONNECT 20 03 00 87 00
connect5 start=1
connect5 start=1
disconnect 0
destroy
