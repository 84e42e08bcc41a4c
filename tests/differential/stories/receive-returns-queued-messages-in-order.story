# differs: all that has arrived is handled at once, so the acknowledgement goes out earlier
create
connect version=4
broker send 30 04 00 01 74 31 30 04 00 01 75 32 32 06 00 01 76 00 09 33
receive 300
receive 300
receive 0
receive 0
disconnect 0
destroy
