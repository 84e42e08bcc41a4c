create
connect version=4 window=5
broker always PUBREL none
broker always PUBLISH 50 02 ID 50 02 ID
publish t 1 2
yield 2
pending
broker send 70 02 00 01
yield
pending
disconnect 0
destroy
