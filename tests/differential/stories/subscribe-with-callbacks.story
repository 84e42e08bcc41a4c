create
callbacks
connect version=4
subscribe t:1
subscribemany a:0 b:2
broker once SUBSCRIBE 90 03 ID 80
subscribe t:1
unsubscribe t
unsubscribemany a b
broker once SUBSCRIBE close
subscribe t:1
destroy
