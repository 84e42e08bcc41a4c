create
@null isconnected
@null pending
@null disconnect 0
@null disconnect5 0
@null subscribemany t:1
@null unsubscribe t
@null unsubscribemany t
@null publishmessage t x 1
@null receive 10
@null wait 1 10
@null wait 1 0
@null callbacks
@null disconnected
@null published
@null connect version=4
@null connect5
@null subscribe5 t:1
@null subscribemany5 t:1
@null unsubscribe5 t
@null unsubscribemany5 t
@null publish5 t x 1
@null publishmessage5 t x 1
destroy
