create
callbacks
connect version=4
broker always PUBLISH none
publish t 1 1
broker reset
pending
connect version=4
pending
disconnect 0
destroy
