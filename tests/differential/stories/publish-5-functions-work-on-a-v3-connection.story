create
connect version=4
publish5 t x 0
publish5 t x 1 0 props=1:1
wait 1 500
publishmessage5 t x 1 0 props=1:1
publishmessage5 NULL x 1
publishmessage5 t x 1 0 eye=XXXX
subscribe5 t:1
subscribe5 t:1 nolocal=1 asis=1 handling=2
subscribemany5 a:0 b:1
broker once SUBSCRIBE 90 03 ID 80
subscribe5 t:1
broker once SUBSCRIBE 90 04 ID 80 01
subscribemany5 a:0 b:1
unsubscribe5 t
unsubscribemany5 a b
disconnect5 0 reason=4
destroy
