create version=5
connect5 window=10 start=0
broker always PUBLISH none
publish5 t one 1
publish5 t two 2 1
broker close
yield
pending
broker usual
connect5 window=10 start=0
yield 3
disconnect5 500
destroy
