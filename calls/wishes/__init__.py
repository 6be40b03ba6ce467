"""What the caller wants, read from the agent's fields: `extraction` puts together what the other files read.

Knows no row and no vendor: a call is whatever is `Told`.
"""
