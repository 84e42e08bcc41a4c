create store=user
callbacks
store fail clear -3 0 1
connect version=4 clean=1
isconnected
store fail clear 7 0 2
connect version=3 clean=1
connect version=4 clean=1
publish t x 1
store fail clear -2 0 1
broker close
store fail clear -2 0 1
connect version=4 clean=1 uris=127.0.0.1:PORT,127.0.0.1:PORT
disconnect 0
destroy
