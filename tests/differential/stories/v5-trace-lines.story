trace 4
create version=5
connect5
publish5 t hello 1
wait 1 500
broker send 34 08 00 01 74 00 06 00 68 69
receive 300
subscribe5 t:1
disconnect5 0
destroy
