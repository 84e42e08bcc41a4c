# differs: a request without a topic is a protocol error and is not sent; the connection lives
create
connect version=4
subscribemany
disconnect 0
destroy
