# differs: a store that did not open is not used, only closed
store fail open -2
create store=user
connect version=4
publish t hello 1
disconnect 0
destroy
store fail open 5 0 1
create store=user
destroy
