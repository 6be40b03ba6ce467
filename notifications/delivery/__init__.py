"""Learns what became of a message after it was sent: Twilio reports it, or is asked if it does not. If no message
reached the customer, a person calls.
"""
