# differs: what does not fit in a packet is refused
create
connect version=4
publish *65536 x 0
subscribe *65536:0
subscribemany t:0 *65536:0
unsubscribe *65536
unsubscribemany t *65536
disconnect 0
destroy
create version=5
connect5
publish5 *65536 x 0
subscribe5 *65536:0
unsubscribe5 *65536
disconnect 0
destroy
