store put s-2 #3206000174000278
store fail get -2
create store=user
destroy
