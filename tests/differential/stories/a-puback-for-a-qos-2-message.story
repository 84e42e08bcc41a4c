# differs: an acknowledgement of the wrong kind is a protocol error
create
connect version=4
broker always PUBLISH 40 02 ID
publish t x 2
receive 300
disconnect 0
destroy
