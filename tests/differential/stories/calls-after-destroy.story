# The handle is NULL then.
create
connect version=4
disconnect 0
destroy
isconnected
pending
disconnect 0
subscribemany t:1
unsubscribe t
unsubscribemany t
publishmessage t x 1
receive 10
wait 1 10
wait 1 0
callbacks
connect version=4
