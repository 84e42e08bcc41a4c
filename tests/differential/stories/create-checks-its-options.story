create version=4 struct=1
create version=4 eye=XXXX
create version=4
destroy
create version=5
destroy
create version=3
destroy
create version=6
destroy
create version=99
destroy
create version=-1
destroy
