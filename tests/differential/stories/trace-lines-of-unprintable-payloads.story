# differs: texts are shown as by 1.3.15
trace 4
create
connect version=4
publish t "a payload that is longer than thirty characters" 0
publish t \x00\x01\x02 0
publish t a\x0ab 0
publish t caf\xc3\xa9 0
disconnect 0
destroy
