# differs: what is unfinished is dropped when a server is asked for a clean session, not before
create
connect version=4 clean=0 reliable=0
broker once PUBLISH none
publish t 1 1
broker stop
broker close
yield
connect version=4
pending
broker start
broker once CONNECT 20 02 01 00
connect version=4 clean=0 reliable=0
yield
publish t 2 1
yield
disconnect 0
destroy
