file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s-1.msg #320600017400016f
file write a-127.0.0.1-PORT/s-2.msg #3206000174000278
file write a-127.0.0.1-PORT/s-60000.msg #3206000174ea6079
create store=file
pending
connect version=4 clean=0
yield 3
disconnect 0
destroy
