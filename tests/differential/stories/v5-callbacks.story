create version=5
callbacks
disconnected
published
connect5
subscribe5 t:2
publish5 t x 1
publish5 t x 2
broker once PUBLISH 40 04 ID 97 00
publish5 t x 1
broker once PUBLISH 50 04 ID 87 00
publish5 t x 2
broker once PUBLISH 40 0a ID 10 06 1f 00 03 62 61 64
publish5 t x 1
publish5 t x 0
broker send 30 06 00 01 74 00 68 69
broker close
destroy
