# differs: an empty topic without an alias that the server allows is a protocol error and is not sent
create version=5
publish5 t x 1
connect5
publish5 NULL x 0
publish5 \xff x 0
publishmessage5 NULL x 0
publishmessage5 t x 0 0 eye=XXXX
publishmessage5 t x 0 0 struct=2
publish5 a/# x 0
publish5 "" x 0 0 props=35:3
publish5 t x 1 0 token=no
disconnect5 0
destroy
