create id=cid
connect version=4 keepalive=70000
disconnect 0
connect version=4 keepalive=-1
disconnect 0
connect version=4 keepalive=0
disconnect 0
connect version=4 clean=2
disconnect 0
connect version=4 clean=3
disconnect 0
connect version=4 user= password=
disconnect 0
connect version=4 password=pw
disconnect 0
connect version=4 user=u binary=#000102
disconnect 0
connect version=4 user=u password=pw binary=#000102
disconnect 0
connect version=4 struct=4 user=u binary=#000102
disconnect 0
connect version=4 will=w
disconnect 0
connect version=4 will=w message=m payload=#010203
disconnect 0
connect version=4 will=w payload=#010203 willstruct=0
disconnect 0
connect version=4 will=w message=m payload=#010203 willstruct=0
disconnect 0
connect version=4 will=w message=m retained=2
disconnect 0
connect version=4 will=w message=m retained=3 qos=1
disconnect 0
connect version=4 will=\xff message=\xfe
disconnect 0
destroy
