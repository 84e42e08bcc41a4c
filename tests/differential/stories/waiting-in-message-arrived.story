# differs: what the callback waits for is served meanwhile
create
callbacks
connect version=4
broker always PUBLISH after 900
publish t y 1
on arrived do wait 1 3000
broker send 30 04 00 01 74 31
sleep 3500
disconnect 0
destroy
