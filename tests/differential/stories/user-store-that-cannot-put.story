# differs: a message that cannot be kept is not accepted
create store=user
connect version=4 clean=0
store fail put -2
publish t x 1
publish t x 0
pending
disconnect 0
destroy
