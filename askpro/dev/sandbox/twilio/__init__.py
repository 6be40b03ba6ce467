"""Twilio's Messages, as contracts/twilio.md describes them."""
