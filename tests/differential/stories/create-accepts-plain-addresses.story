create uri=127.0.0.1:PORT
connect version=4
disconnect 0
disconnect 0
destroy
create uri=mqtt://127.0.0.1:PORT
connect version=4
disconnect 0
disconnect 0
destroy
create uri=tcp://localhost:PORT
connect version=4
disconnect 0
disconnect 0
destroy
create uri=tcp://127.0.0.1:PORTabc
connect version=4
disconnect 0
disconnect 0
destroy
create uri=tcp://127.0.0.1:PORT/path
connect version=4
disconnect 0
destroy
