"""What Cal.com says of a booking, brought to our rows: by webhook, by sync, or in answer to our own request.

All of it comes through `mirror`; what follows for the request, for staff and for the customer is in `consequences`.
"""
