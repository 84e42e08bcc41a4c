create version=5
connect5 window=10
broker always PUBLISH none
publish5 t one 1
broker close
yield
pending
connect5
pending
publish5 t two 1
disconnect5 0
pending
destroy
