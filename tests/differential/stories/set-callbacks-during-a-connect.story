create
callbacks
broker once CONNECT after 800
start connect version=4
callbacks
disconnected
published
isconnected
join
callbacks
disconnect 0
destroy
