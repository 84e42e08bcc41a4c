# differs: the server may still know the message of a record that was emptied to be written anew, and would take a new one with its identifier for it
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s-1.msg #34060001740001aa
file write a-127.0.0.1-PORT/s-2.msg ""
create store=file
pending
connect version=4 clean=0 reliable=0 window=20
publish t x 2
yield 2
disconnect 0
destroy
