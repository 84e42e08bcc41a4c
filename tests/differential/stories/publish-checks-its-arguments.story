create
connect version=4
publish NULL x 0
publish \xff x 0
publish \xff x 1
publish "" x 0
publish # x 0
publish a/+ x 0
publish t "" 0
publish t NULL 0
publish t NULL 1
publish t x 0 5
publish t x 0 2
publish t x 1 0 token=no
publishmessage NULL x 0
publishmessage t x 0 0 eye=XXXX
publishmessage t x 0 0 struct=2
publishmessage t x 0 0 struct=-1
publishmessage t x 0 0 struct=0
publishmessage t x 1 1 dup=1 msgid=77
disconnect 0
destroy
