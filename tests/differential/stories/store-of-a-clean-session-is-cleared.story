# differs: the store is cleared, not the working directory
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s-2.msg #3206000174000278
file write a-127.0.0.1-PORT/q-2.msg #010000003200000000010000000000000000000000740001000000
create store=file
pending
connect version=4
pending
receive 100
disconnect 0
destroy
