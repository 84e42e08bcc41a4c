create
connect NULL
connect eye=XXXX
connect struct=9
connect struct=-1
connect will=w willeye=XXXX
connect will=w willstruct=2
connect will=w willstruct=-1
connect will=w qos=3
connect will=w qos=-1
connect will=NULL message=x
connect will=
connect will=NULL qos=5
connect will= qos=5
connect user=\xff
connect password=\xff
connect version=1
connect version=2
connect version=6
connect version=-1
connect version=99 user=\xff
connect version=5 clean=1
connect version=4 start=1
connect version=0 start=1
connect struct=9 will=
isconnected
connect version=4
disconnect 0
destroy
