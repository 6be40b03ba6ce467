"""The way into the console: how often a password may be tried, the second factor, and how long a session rests."""
