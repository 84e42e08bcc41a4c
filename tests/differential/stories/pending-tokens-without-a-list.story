create
@b pending
connect version=4
pending
publish t x 0
pending
disconnect 0
destroy
