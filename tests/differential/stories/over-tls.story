way ssl
create
connect version=4 clean=0
subscribemany t:0 u:2
publish t hello 1
publish t *70000 0
wait 2 1000
broker send 30 05 00 01 74 68 69
receive 500
broker send 34 07 00 01 74 00 06 68 69
yield
receive 500
broker once PUBLISH none
publish t kept 2
broker close
sleep 100
yield 2
pending
broker once PUBLISH after 150
connect version=4 clean=0
yield 4
pending
broker shutdown
sleep 100
yield 2
connect version=3 clean=1
disconnect 0
destroy
