# differs: a server must end the connection for them
create version=5
connect5 props=33:0
disconnect 0
connect5 props=39:0
disconnect 0
connect5 props=25:2
disconnect 0
connect5 props=22:x
disconnect 0
connect5 props=38:\xff~v
disconnect 0
connect5 will=w message=x willprops=1:2
disconnect 0
connect5 will=w message=x willprops=8:a/#
disconnect 0
connect5
subscribe5 t:1 props=11:0
disconnect 0
destroy
