file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s5-2.msg #340700017400020078
create store=file
destroy
create store=file version=5
pending
destroy
