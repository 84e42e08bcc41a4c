# differs: connects to Unix sockets, which the original can be built with
create uri=foo://127.0.0.1:PORT
create uri=TCP://127.0.0.1:PORT
create uri=://127.0.0.1:PORT
create uri=ssl://127.0.0.1:PORT
create uri=mqtts://127.0.0.1:PORT
create uri=wss://127.0.0.1:PORT
create uri=unix:///tmp/x
create uri=localhost://h
create uri=" tcp://127.0.0.1:PORT"
