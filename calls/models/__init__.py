"""Tenants, customers, calls and what callers asked for."""

from calls.models.booking_request import BookingRequest
from calls.models.call import Call
from calls.models.closed_day import ClosedDay
from calls.models.company import Branch, Company, PhoneNumber, countries
from calls.models.customer import Customer
from calls.models.customer_merge import CustomerMerge
from calls.models.customer_number import CustomerNumber
from calls.models.ending import Ending, ending_in_words
from calls.models.function_call import FunctionCall
from calls.models.name_part import NamePart
from calls.models.offer import Service, Staff
from calls.models.review import Review
from calls.wishes.unclear import About, Unclear

__all__ = [
    "About",
    "BookingRequest",
    "Branch",
    "Call",
    "ClosedDay",
    "Company",
    "Customer",
    "CustomerMerge",
    "CustomerNumber",
    "Ending",
    "FunctionCall",
    "NamePart",
    "PhoneNumber",
    "Review",
    "Service",
    "Staff",
    "Unclear",
    "countries",
    "ending_in_words",
]
