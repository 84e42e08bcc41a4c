create
connect version=4 window=10
broker always PUBLISH hold
publish t 1 1
broker later 300 close
wait 1 3000
isconnected
destroy
