# differs: a refusal that 3.1 would get too is not tried again with 3.1
create
broker always CONNECT 20 02 00 05 close
connect
broker always CONNECT 20 02 00 04
connect
destroy
