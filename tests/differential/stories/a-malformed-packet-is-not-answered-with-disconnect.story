# differs: the connection is closed without DISCONNECT, so that the will is published
create
connect version=4
broker send 30 01 00
receive 500
destroy
