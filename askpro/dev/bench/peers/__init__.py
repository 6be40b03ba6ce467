"""`bench --peers`: the alternatives for a Django project. Without the option nothing here is imported or installed."""
