"""When a service is free: Cal.com's word, kept for a minute for each company, less what this side knows to be taken.

Whoever books never relies on it: Cal.com decides again when it is asked to book.
"""

from appointments.availability.free import free_times
from appointments.availability.hosts import wished_host
from appointments.availability.slots import flush, note_gone

__all__ = ["flush", "free_times", "note_gone", "wished_host"]
