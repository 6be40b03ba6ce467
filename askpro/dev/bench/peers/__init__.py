"""`bench --peers`: what a Django project would pick instead. Nothing here is imported or installed without it."""
