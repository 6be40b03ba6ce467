"""The front page: what is wrong now, what needs a person, and the day."""
