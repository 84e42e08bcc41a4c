create
callbacks
connect version=4
broker close
publish t hello 0
publish t hello 1
subscribe t:1
unsubscribe t
wait 1 100
pending
receive 100
disconnect 0
destroy
