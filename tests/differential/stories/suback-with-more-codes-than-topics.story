create
connect version=4
broker once SUBSCRIBE 90 04 ID 01 00
subscribe a:2
isconnected
broker once SUBSCRIBE 90 05 ID 01 00 02
subscribemany a:2 b:2
isconnected
publish t x 0
disconnect 0
destroy
