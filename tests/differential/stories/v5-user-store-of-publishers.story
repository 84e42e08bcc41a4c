create version=5 store=user
connect5
publish5 t x 1
wait 1 500
publish5 t x 2
yield 2
broker once PUBLISH 50 04 ID 87 00
publish5 t x 2
wait 3 500
disconnect5 0
connect5
disconnect5 0
destroy
