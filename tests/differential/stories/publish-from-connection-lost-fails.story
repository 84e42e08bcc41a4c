create
callbacks
connect version=4
on lost do isconnected
broker close
sleep 5500
publish t x 1
destroy
