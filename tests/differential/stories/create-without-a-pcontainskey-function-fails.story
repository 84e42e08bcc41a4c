# differs: nothing of an incomplete store is called, pclose and pclear neither
store without 8
create store=user
connect version=4
disconnect 0
destroy
