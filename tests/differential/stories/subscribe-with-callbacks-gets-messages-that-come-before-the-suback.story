create
callbacks
connect version=4
broker once SUBSCRIBE 30 04 00 01 74 31 90 03 ID 01
subscribe t:1
disconnect 0
destroy
