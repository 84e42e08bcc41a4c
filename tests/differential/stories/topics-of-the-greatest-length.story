create
connect version=4
publish *65535 x 0
disconnect 0
destroy
