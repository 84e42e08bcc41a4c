create
connect version=4
unsubscribe NULL
unsubscribe \xff
unsubscribe ""
unsubscribemany a NULL
unsubscribemany a \xff
unsubscribemany a b
subscribemany a:0 b:3
subscribemany a:0 NULL:1
subscribemany a:3 NULL:1
subscribemany NULL:3 a:3
disconnect 0
destroy
