# differs: a protocol error
create version=5
connect5
broker send f0 06 18 04 15 00 01 6d
yield
isconnected
destroy
