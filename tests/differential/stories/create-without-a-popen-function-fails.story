# differs: nothing of an incomplete store is called, pclose neither
store without 1
create store=user
destroy
