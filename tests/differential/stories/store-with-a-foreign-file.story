# differs: a foreign file is left alone and the client can be created
file directory a-127.0.0.1-PORT
file write a-127.0.0.1-PORT/README hello
create store=file
destroy
