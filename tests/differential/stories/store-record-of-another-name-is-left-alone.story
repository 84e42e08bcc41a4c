# differs: a name that neither library writes is no record
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/foo.msg #3206000174000278
file write a-127.0.0.1-PORT/s-.msg #3206000174000379
create store=file
pending
destroy
