create version=5
connect5
broker once PUBLISH 50 04 ID 87 00
publish5 t x 2
wait 1 500
pending
publish5 t y 2
yield 2
disconnect5 0
destroy
