create
broker always PUBREC none
connect version=4
broker send 34 07 00 01 74 00 06 68 69
yield
broker close
yield
connect version=4
broker send 62 02 00 06
receive 200
disconnect 0
destroy
