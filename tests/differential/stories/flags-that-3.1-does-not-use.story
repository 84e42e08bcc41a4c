create
connect version=3
broker send 41 02 00 01
receive 300
broker send 5f 02 00 01
receive 300
broker send 60 02 00 02
receive 300
broker send 6a 02 00 02
receive 300
broker send 74 02 00 01
receive 300
broker send 9f 03 00 01 00
receive 300
broker send b1 02 00 01
receive 300
broker send d1 00
receive 300
broker send 38 05 00 01 74 68 69
receive 300
broker once SUBSCRIBE 91 03 ID 01
subscribe t:1
broker once UNSUBSCRIBE b2 02 ID
unsubscribe t
broker once PUBLISH 4a 02 ID
publish t hello 1
wait 3 1000
isconnected
disconnect 0
broker once CONNECT 21 02 fe 00
connect version=3
disconnect 0
destroy
