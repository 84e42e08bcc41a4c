create
connect struct=0
disconnect 0
connect struct=1
disconnect 0
connect struct=2 uris=tcp://127.0.0.1:PORT
disconnect 0
connect struct=3 version=3
disconnect 0
connect struct=4 version=4
disconnect 0
connect struct=5 version=4 binary=#0001 user=u
disconnect 0
connect struct=6 version=4 window=3
disconnect 0
connect struct=7 version=4
disconnect 0
destroy
