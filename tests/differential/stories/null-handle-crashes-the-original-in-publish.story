# differs: Q19 a NULL handle is answered with a code
create
@null publish t x 1
