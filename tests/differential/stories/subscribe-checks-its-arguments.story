create
connect version=4
subscribe NULL:0
subscribe \xff:0
subscribe t:3
subscribe t:-1
subscribe NULL:3
subscribe :0
subscribe #:0
subscribe a/#/b:0
subscribemany a:0 b:3
subscribemany a:0 NULL:1
subscribemany a:3 NULL:1
subscribemany NULL:3 a:3
disconnect 0
destroy
