# differs: a message is sent again in the form of the version that its connection has
broker always PUBLISH none
create store=file
connect version=4 clean=0 reliable=0 window=20
publish t x 1
publish u y 2
disconnect 0
connect version=5 clean=0 start=0 reliable=0 window=20
pending
disconnect 0
broker usual
connect5 version=5 clean=0 start=0 reliable=0 window=20
yield
pending
broker always PUBLISH none
publish5 t x 1 props=1:1
disconnect 0
connect5 version=4 clean=0 start=0 reliable=0 window=20
pending
disconnect 0
broker usual
connect version=4 clean=0 start=0 reliable=0 window=20
yield
pending
disconnect 0
destroy
