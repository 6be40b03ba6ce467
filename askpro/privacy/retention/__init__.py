"""Deletes and blanks what is over its time: `shelves` says which rows, `walk` goes through them, `runs` keeps count."""
