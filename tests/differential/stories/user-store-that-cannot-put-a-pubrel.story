# differs: without the record of its PUBREL a message would begin anew after a crash, and come twice
create store=user
broker omit DISCONNECT
connect version=4 clean=0
store fail put -2 1 1
publish t hello 2
wait 1 1000
isconnected
disconnect 0
connect version=4 clean=0
wait 1 1000
pending
disconnect 0
destroy
