# differs: a damaged record is set aside, and nothing else is lost
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s-1.msg #32060001
file write a-127.0.0.1-PORT/s-2.msg #3206000174000278
file write a-127.0.0.1-PORT/s-3.msg ""
create store=file
pending
destroy
