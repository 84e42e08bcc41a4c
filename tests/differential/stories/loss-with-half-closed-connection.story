# differs: the connection is closed without DISCONNECT
create
callbacks
connect version=4
broker shutdown
destroy
