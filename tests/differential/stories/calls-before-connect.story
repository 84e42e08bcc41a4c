create
isconnected
publish t hello 0
publish t hello 1
publishmessage t hello 1
subscribe t:1
subscribemany a:0 b:1
unsubscribe t
unsubscribemany a b
receive 100
wait 1 100
wait 1 0
pending
disconnect 0
disconnect 100
yield
destroy
