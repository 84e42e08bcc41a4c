# differs: the socket is closed, without DISCONNECT
create
connect version=4
destroy
