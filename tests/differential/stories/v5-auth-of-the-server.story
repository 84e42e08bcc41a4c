create version=5
broker once CONNECT f0 06 18 04 15 00 01 6d 20 03 00 00 00
connect5 props=21:m start=0
broker send f0 06 18 04 15 00 01 6d
yield
publish5 t x 1
yield
disconnect5 0
destroy
