# differs: new messages are numbered behind the restored ones, so that another restart finds them in the order they were published
create store=file
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s-7.msg #32060001740007aa
destroy
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/s-7.msg #32060001740007aa
create store=file
pending
connect version=4 clean=0
publish t x 1
yield 2
disconnect 0
destroy
