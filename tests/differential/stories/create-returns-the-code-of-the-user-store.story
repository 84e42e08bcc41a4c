store put s-2 #3206000174000278
store fail keys -1 0 1
create store=user
destroy
store fail get 5 0 1
create store=user
destroy
