# differs: the callback may call everything at once
create
callbacks
connect version=4
on lost do connect version=4
broker close
sleep 6500
isconnected
disconnect 0
destroy
