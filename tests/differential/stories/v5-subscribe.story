create version=5
subscribe5 t:1
connect5
subscribe5 t:1 nolocal=1 asis=1 handling=2 props=11:5
subscribe5 t:2
subscribe5 NULL:1
subscribe5 t:3
subscribemany5 a:0 b:1 c:2
broker once SUBSCRIBE 90 04 ID 00 87
subscribe5 t:1
broker once SUBSCRIBE 90 06 ID 00 00 8f 02
subscribemany5 a:0 b:1 c:2
broker once SUBSCRIBE 90 0a ID 06 1f 00 03 62 61 64 87
subscribe5 t:1
unsubscribe5 t
unsubscribemany5 a b
unsubscribe5 t props=38:a~b
broker once UNSUBSCRIBE b0 04 ID 00 11
unsubscribe5 t
broker once UNSUBSCRIBE b0 05 ID 00 11 00
unsubscribemany5 a b
broker once UNSUBSCRIBE b0 04 ID 00 80
unsubscribe t
disconnect5 0
destroy
