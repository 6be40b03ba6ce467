"""A whole company from one file: read with the line of each error, compared with the rows, and written."""
