# differs: a NULL handle is answered with a code
create
@null subscribe t:1
