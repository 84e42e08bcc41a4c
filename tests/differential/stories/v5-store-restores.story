file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s5-2.msg #340700017400020078
file write a-127.0.0.1-PORT/s5-3.msg #340700017400030079
file write a-127.0.0.1-PORT/sc5-3.msg #62020003
create version=5 store=file
pending
connect5 start=0
yield 3
disconnect5 0
destroy
