# differs: received messages are kept until the program has taken them
create version=5 store=user
callbacks
connect5 start=0
publish5 t x 1
publish5 t x 2
broker send 34 08 00 01 74 00 06 00 68 69
broker send 30 06 00 01 74 00 68 69
disconnect5 0
destroy
