"""What the caller wants, read from the agent's fields: `extraction` combines what the other files read.

Uses no rows and no vendor: a call is any object with the protocol `Told`.
"""
