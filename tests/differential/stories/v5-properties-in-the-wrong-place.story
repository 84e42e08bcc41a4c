# differs: a server must end the connection for them
create version=5
connect5 props=2:30
connect5 will=w message=x willprops=17:30
connect5 props=33:10,33:20
connect5 reliable=0
publish5 t x 1 props=11:5
publishmessage5 t x 0 props=3:a,3:b
subscribe5 t:1 props=1:1
unsubscribe5 t props=11:5
yield
pending
disconnect5 0 props=1:1
destroy
