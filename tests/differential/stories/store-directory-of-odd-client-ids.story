create store=file id=a:b uri=127.0.0.1:PORT
destroy
create store=file id=x/y uri=tcp://localhost:PORT
destroy
create store=file id="with blank" uri=tcp://[::1]:PORT
destroy
create store=file id=q uri=h
destroy
