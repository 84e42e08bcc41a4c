# One message of each QoS without callbacks: bytes, tokens, pending tokens.
create
connect version=4
publish t/0 hello 0 0
publish t/1 hello 1 1
wait 1 1000
publish t/2 hello 2 0
yield
yield
wait 2 1000
isconnected
disconnect 0
destroy
