create
connect version=4
disconnect 0
isconnected
publish t hello 0
publish t hello 1
subscribe t:1
unsubscribe t
receive 100
wait 1 100
pending
disconnect 0
connect version=4
publish t hello 0
disconnect 0
destroy
