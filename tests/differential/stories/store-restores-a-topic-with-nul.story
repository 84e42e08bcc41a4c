# differs: the record holds the topic up to its first NUL only, and that is its length
create store=file
connect version=4 clean=0
broker send 30 05 00 03 61 00 62
yield
disconnect 0
destroy
create store=file
connect version=4 clean=0
receive 100
disconnect 0
destroy
