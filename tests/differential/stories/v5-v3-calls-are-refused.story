create version=5
publish t x 1
publishmessage t x 1
subscribe t:1
subscribemany t:1
unsubscribemany t
unsubscribe t
connect5
publish t x 1
publishmessage t x 1
subscribe t:1
subscribemany t:1
unsubscribemany t
unsubscribe t
disconnect 0
destroy
