# differs: what the callback waits for is served meanwhile
create
timeout 5000
callbacks
connect version=4
on arrived do subscribe t:1
broker send 30 04 00 01 74 31
sleep 6000
isconnected
disconnect 0
destroy
