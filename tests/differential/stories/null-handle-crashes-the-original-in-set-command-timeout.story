# differs: a NULL handle is answered with a code
create
@null timeout 6000
