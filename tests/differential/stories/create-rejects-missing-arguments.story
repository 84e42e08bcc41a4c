# NULL where a text is needed, and a client id that is not UTF-8.
create uri=NULL
create id=NULL
create id=\xff\xfe
create id=\xc0\x80
create id=\xed\xa0\x80
create uri=tcp://127.0.0.1:PORT id=ok
destroy
