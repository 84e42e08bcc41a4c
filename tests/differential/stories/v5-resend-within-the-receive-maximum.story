# differs: the server says how many messages it takes at once, also when they are sent again
create version=5
connect5 start=0 window=5
broker always PUBLISH none
publish5 t 0 1
publish5 t 1 2
publish5 t 2 1
publish5 t 3 2
broker close
yield
broker usual
broker once CONNECT 20 06 01 00 03 21 00 02
connect5 start=0 window=5
yield 6
pending
publish5 t x 2
yield 2
disconnect5 100
destroy
