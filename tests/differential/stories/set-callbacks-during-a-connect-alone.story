create
broker once CONNECT after 800
start connect version=4
callbacks
isconnected
join
disconnect 0
destroy
