"""What customers and staff are told: a row for each message, sent by a job of its own, and what became of it.

`outbox` and `staff` write what is to be said, `sms` and `mail` send it, `delivery/` hears what became of it; `text/`
has the words, `twilio/` knows the vendor. It only sends, and looks back at the models of `calls` and `appointments`.
"""
