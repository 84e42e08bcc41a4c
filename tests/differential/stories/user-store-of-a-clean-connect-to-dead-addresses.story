# differs: the store is cleared when a server is asked for a clean session, not before
create store=user
connect version=4 uris=tcp://127.0.0.1:1,tcp://127.0.0.1:PORT
disconnect 0
connect version=4 uris=tcp://127.0.0.1:1
destroy
