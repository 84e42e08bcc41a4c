# differs: the first connection is closed, without DISCONNECT
create
connect version=4
connect version=4
publish t x 0
disconnect 0
destroy
