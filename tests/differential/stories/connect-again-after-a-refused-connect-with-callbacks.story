create
callbacks
broker once CONNECT 20 02 00 03
connect version=4
broker once CONNECT close
connect version=4
connect version=4
publish t x 1
disconnect 0
connect version=4
disconnect 0
destroy
