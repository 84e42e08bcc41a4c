create
broker once CONNECT 20 02 00 01 close
connect will=w message=bye qos=1 retained=1 user=u password=p
disconnect 0
broker once CONNECT 20 02 00 05
connect version=4 will=w message=bye qos=1 uris=127.0.0.1:PORT,127.0.0.1:PORT
disconnect 0
destroy
