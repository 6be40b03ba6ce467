"""Cal.com as AskPro sees it: its API, its refusals, its bookings and what its webhooks say.

Nothing here reads or writes an appointment; `models` are imported for `Detail` and a company's key.
"""
