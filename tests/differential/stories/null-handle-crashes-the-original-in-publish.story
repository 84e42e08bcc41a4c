# differs: a NULL handle is answered with a code
create
@null publish t x 1
