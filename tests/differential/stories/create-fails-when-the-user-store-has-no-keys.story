store fail keys -2
create store=user
destroy
