trace 5
create
broker omit DISCONNECT
connect version=4
broker send 30 01 00
yield
connect version=4
broker send 40 01 00
yield
connect version=4
broker send 90 01 00
yield
destroy
