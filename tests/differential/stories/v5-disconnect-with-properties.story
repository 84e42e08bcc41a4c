create version=5
connect5
disconnect5 0 reason=4 props=17:5,31:bye
connect5
disconnect5 0 reason=0 props=17:5
connect5
disconnect 0
destroy
