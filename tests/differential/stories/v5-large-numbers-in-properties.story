# differs: four bytes hold numbers up to 4294967295
create version=5
connect5 props=17:4294967295 will=w message=x willprops=24:2147483648
publish5 t x 1 props=2:2147483647
wait 1 1000
publish5 t x 1 props=2:4294967295
wait 2 1000
disconnect5 0 props=17:2147483903
destroy
