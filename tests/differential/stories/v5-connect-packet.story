create version=5 id=cid
connect5
disconnect5 0
connect5 start=0 keepalive=300 will=w/t message=bye qos=2 retained=1 user=u password=pw props=17:5,33:9 willprops=24:3,38:k~v
disconnect5 0 reason=4
connect5 willprops=24:3
disconnect5 0 reason=0 props=
disconnect5 0
destroy
