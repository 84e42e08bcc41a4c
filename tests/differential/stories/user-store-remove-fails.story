# differs: the record of PUBREL stays as long as that of its message cannot be removed: a restart would begin the exchange anew
create store=user
store fail remove -2
connect version=4 clean=0
publish t x 1
wait 1 500
isconnected
publish t x 2
wait 2 500
wait 2 500
isconnected
disconnect 0
destroy
