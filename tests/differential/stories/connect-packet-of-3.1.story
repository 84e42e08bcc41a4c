create id=cid
connect version=3
disconnect 0
destroy
