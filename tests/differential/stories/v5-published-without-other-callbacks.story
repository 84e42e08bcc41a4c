create version=5
published
connect5
publish5 t x 1
wait 1 500
publish5 t x 2
wait 2 500
wait 2 500
disconnect5 0
destroy
