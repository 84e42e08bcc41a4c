# differs: what has no encoding does not get into a list
create version=5
connect5
subscribe5 t:1 props=11:268435455
subscribe5 t:1 props=11:268435456
disconnect 0
destroy
