"""The customer's own page of an appointment, by a link that only the customer has: see it, come, cancel, move.

Whoever has the link may do what its page offers, without a log-in; `view` says what follows from that.
`notifications.links` makes and reads the links.
"""
