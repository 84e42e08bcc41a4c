# differs: a reason that DISCONNECT cannot have goes as an unspecified error
create version=5
connect5
disconnect5 0 reason=130
connect5
disconnect5 0 reason=139
connect5
disconnect5 0 reason=1
connect5
disconnect5 0 reason=255 props=31:why
connect5
disconnect5 0 reason=-1
connect5
disconnect5 0 reason=256
connect5
disconnect5 0 reason=260
destroy
