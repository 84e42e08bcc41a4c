create store=user
connect version=4
publish t x 1
wait 1 500
publish t x 2
yield
broker close
yield
connect version=4
publish t x 2
disconnect 0
destroy
