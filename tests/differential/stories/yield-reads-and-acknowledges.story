create
connect version=4
broker send 32 07 00 01 74 00 06 68 69
yield
broker send 34 07 00 01 74 00 07 68 69
yield 3
receive 100
receive 100
broker close
yield
isconnected
destroy
