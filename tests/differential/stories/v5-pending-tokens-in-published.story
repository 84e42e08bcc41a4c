create version=5
callbacks
published
connect5
on published do pending
publish5 t x 1
on published do pending
publish5 t x 2
callbacks complete=no
on published do callbacks
publish5 t x 1
disconnect5 0
destroy
