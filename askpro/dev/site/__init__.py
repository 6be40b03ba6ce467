"""`manage.py docs`: the documentation as a site, and the parts of it that are written from the code."""
