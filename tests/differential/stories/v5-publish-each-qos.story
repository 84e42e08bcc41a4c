create version=5
connect5
publish5 t/1 hello 0
publish5 t/1 hello 1 1
wait 1 500
publish5 t/2 hi 2 0 props=1:1
yield 2
publishmessage5 t/2 hi 1 0 props=38:a~b,2:60,3:text,8:answer,9:#0102
publishmessage5 t/2 hi 1 0 struct=0 props=1:1
wait 4 500
disconnect5 0
destroy
