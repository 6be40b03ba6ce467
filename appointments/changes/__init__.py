"""Applies what Cal.com says about a booking to our rows: by webhook, by sync, or in answer to our own request.

All of it goes through `mirror`; `consequences` has what follows for the request, for staff and for the customer.
"""
