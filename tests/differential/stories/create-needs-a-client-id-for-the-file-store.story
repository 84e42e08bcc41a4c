create store=file id=
create id=
connect version=4
disconnect 0
destroy
