# differs: the original takes the rest of the earlier connection for a part of the new one
way ws
create
connect version=4
broker send 32 0d 00 01 74
yield
broker close
sleep 100
yield
connect version=4
isconnected
disconnect 0
destroy
