create store=file
callbacks
broker always PUBREC none
broker always CONNECT 20 02 01 00
connect version=4 clean=0
broker send 34 07 00 01 74 00 06 68 69
broker close
connect version=4 clean=0
broker send 3c 07 00 01 74 00 06 68 69
broker send 62 02 00 06
disconnect 0
destroy
