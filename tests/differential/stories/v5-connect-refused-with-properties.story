# differs: the properties of a refusal are handed over
create version=5
broker once CONNECT 20 09 00 87 06 1f 00 03 62 61 64
connect5
destroy
