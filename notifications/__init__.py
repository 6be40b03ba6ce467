"""What customers and staff are told: a row for each message, sent by a job of its own, and what became of it.

`outbox` and `staff` write messages, `sms` and `mail` send them, `delivery/` learns what became of them; `text/` has
the words, `twilio/` knows the vendor. The app only sends, and imports the models of `calls` and `appointments`.
"""
