# differs: the socket is closed, without DISCONNECT
create
callbacks
connect version=4
destroy
