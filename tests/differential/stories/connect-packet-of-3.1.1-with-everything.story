create id=cid
connect version=4 clean=0 keepalive=300 will=w/t message=bye qos=2 retained=1 user=u password=pw
disconnect 0
destroy
