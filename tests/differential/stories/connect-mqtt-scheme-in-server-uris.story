# differs: mqtt:// entries work
create
connect version=4 uris=mqtt://127.0.0.1:PORT
disconnect 0
destroy
