"""What became of a message after it was sent: reported by Twilio, asked for where it stays silent, and what follows
where nobody could be told.
"""
