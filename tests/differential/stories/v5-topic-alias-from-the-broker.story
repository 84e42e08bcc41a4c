# differs: a message with a topic alias is handed over with its topic
create version=5
connect5 props=34:10
broker send 30 09 00 01 74 03 23 00 05 68 69
receive 300
broker send 30 08 00 00 03 23 00 05 68 69
receive 300
isconnected
disconnect5 0
destroy
