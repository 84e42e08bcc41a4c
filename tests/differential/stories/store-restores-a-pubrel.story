file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s-2.msg #3406000174000278
file write a-127.0.0.1-PORT/sc-2.msg #62020002
file write a-127.0.0.1-PORT/sc-9.msg #62020009
create store=file
pending
connect version=4 clean=0
yield 2
disconnect 0
destroy
