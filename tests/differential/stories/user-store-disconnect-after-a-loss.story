# differs: the store was cleared at the loss
create store=user
connect version=4
broker close
sleep 100
yield
disconnect 0
destroy
