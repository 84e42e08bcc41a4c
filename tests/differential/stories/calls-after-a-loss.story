create
connect version=4
broker close
isconnected
receive 500
isconnected
receive 500
publish t hello 0
publish t hello 1
subscribe t:1
unsubscribe t
wait 1 100
pending
disconnect 0
destroy
