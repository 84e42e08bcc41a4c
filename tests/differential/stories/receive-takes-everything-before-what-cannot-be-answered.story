# differs: messages that have been read are handed over before the end that their acknowledgements met
create
connect version=4
broker send 32 06 00 01 74 00 01 31 32 06 00 01 74 00 02 32 32 06 00 01 74 00 03 33 reset
sleep 100
receive 500
isconnected
receive 500
receive 500
isconnected
receive 500
destroy
