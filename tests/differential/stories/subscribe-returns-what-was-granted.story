create
connect version=4
broker once SUBSCRIBE 90 03 ID 00
subscribe t:2
broker once SUBSCRIBE 90 03 ID 80
subscribe t:2
broker once SUBSCRIBE 90 05 ID 00 80 01
subscribemany a:2 b:1 c:2
broker once SUBSCRIBE 90 03 ID 80
subscribemany a:2
broker once SUBSCRIBE 90 04 ID 01 00
subscribemany a:2 b:2 c:2
isconnected
disconnect 0
destroy
