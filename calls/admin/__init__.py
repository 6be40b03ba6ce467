"""The console's pages about tenants, customers and calls."""

from calls.admin.booking_request import BookingRequestAdmin
from calls.admin.call import CallAdmin
from calls.admin.closed_day import ClosedDayAdmin
from calls.admin.company import BranchAdmin, CompanyAdmin, PhoneNumberAdmin
from calls.admin.customer import CustomerAdmin
from calls.admin.merging import CustomerMergeAdmin
from calls.admin.offer import ServiceAdmin, StaffAdmin

__all__ = [
    "BookingRequestAdmin",
    "BranchAdmin",
    "CallAdmin",
    "ClosedDayAdmin",
    "CompanyAdmin",
    "CustomerAdmin",
    "CustomerMergeAdmin",
    "PhoneNumberAdmin",
    "ServiceAdmin",
    "StaffAdmin",
]
