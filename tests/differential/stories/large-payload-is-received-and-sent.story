create
connect version=4
publish t *20000 1
wait 1 1000
publish t *300000 0
publish t *70000 2
yield 2
disconnect 0
destroy
