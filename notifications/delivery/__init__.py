"""What became of a message after it was sent: Twilio reports it, or is asked where it does not; and if no message
reached the customer, a person calls.
"""
