# differs: a missing payload is answered with a code
create
connect version=4
publish t NULL 0 0 len=3
publish t hello 1
