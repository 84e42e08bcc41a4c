# differs: members that the struct_version does not have are not read
create
connect struct=2 version=99
disconnect 0
connect struct=3 start=1
disconnect 0
destroy
