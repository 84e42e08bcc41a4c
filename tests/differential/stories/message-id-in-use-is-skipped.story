create
connect version=4 window=10
broker once PUBLISH none
publish t 1 1
publish t 2 1
subscribe t:0
unsubscribe t
publish t 3 1
yield
pending
disconnect 0
destroy
