create version=5
callbacks
broker once CONNECT 20 06 00 00 03 21 00 01
connect5 window=10
broker always PUBLISH hold
publish5 t 1 1
start publish5 t 2 1
broker release
join
disconnect5 0
destroy
