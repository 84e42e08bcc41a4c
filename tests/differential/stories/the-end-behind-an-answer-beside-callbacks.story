# a client without callbacks beside one with: the end of its connection, read with the answer to a call, is met without another call
@a create
@a callbacks
@a connect version=4
@b create
@b connect version=4
broker once SUBSCRIBE 90 03 ID 01 close
@b subscribe t:1
sleep 300
@b isconnected
@b connect version=4
broker once UNSUBSCRIBE b0 02 ID close
@b unsubscribe t
sleep 300
@b isconnected
@b destroy
@a disconnect 0
@a destroy
