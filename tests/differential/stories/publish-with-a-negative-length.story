# differs: a negative length is refused and the connection lives
create
connect version=4
publish t x 1 0 len=-1
publish t x 0
disconnect 0
destroy
