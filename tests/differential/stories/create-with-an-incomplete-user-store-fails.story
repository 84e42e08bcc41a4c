# differs: nothing of an incomplete store is called, pclose neither
store without 0
create store=user
destroy
