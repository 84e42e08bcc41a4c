create version=5
@null publish5 t x 1
@null publishmessage5 t x 1
@null subscribe5 t:1
@null subscribemany5 t:1
@null unsubscribe5 t
@null unsubscribemany5 t
@null connect5
@null disconnect5 0
@null disconnected
@null published
destroy
