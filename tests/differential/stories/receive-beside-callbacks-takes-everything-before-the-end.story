# differs: each client is used in its own way
@a create
@a callbacks
@a connect version=4
@b create
@b connect version=4
broker send @b 30 04 00 01 74 31 30 04 00 01 74 32
sleep 100
broker send @b 30 04 00 01 74 33 close
sleep 100
@b isconnected
@b receive 300
@b receive 300
@b receive 300
@b isconnected
@b receive 300
@b isconnected
@b receive 300
@b connect version=4
broker send @b 30 04 00 01 74 31 30 04 00 01 74 32
broker reset @b
sleep 100
@b receive 300
@b receive 300
@b receive 300
@b connect version=4
broker send @b 30 04 00 01 74 31 30 04 00 01 74 32 30 ff ff ff ff ff
sleep 100
@b receive 300
@b receive 300
@b receive 300
@b connect version=4
broker send @b 30 04 00 01 74 31 close
sleep 100
yield
@b isconnected
@b receive 300
@b connect version=4
broker send @b 30 04 00 01 74 31 close
sleep 100
@b publish t x 0
@b isconnected
@a disconnect 0
@b disconnect 0
@a destroy
@b destroy
