create
callbacks
connect version=4
on lost do receive 10
broker close
receive 10
connect version=4
receive 10
disconnect 0
destroy
