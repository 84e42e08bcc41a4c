# differs: the connection is closed without DISCONNECT
trace 4
create
broker once CONNECT 20 02 00 05
connect version=4
connect version=3
broker close
yield
connect version=3 keepalive=1
receive 1300
disconnect 0
destroy
