create
callbacks
connect version=4
callbacks lost=no
broker close
destroy
