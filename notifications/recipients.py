"""Who may be told, and where: numbers, addresses, consent."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils import timezone

from appointments.models import Appointment, Offer
from calls.models import BookingRequest, Company, Customer
from calls.models.customer_number import having
from calls.phone import is_mobile
from notifications.models import Notification
from notifications.opt_outs import has_opted_out
from notifications.twilio.errors import DEAD_NUMBER_CODES
from notifications.why import Why

# Cal.com's own stand-in for an attendee without an address.
PHONE_ONLY_DOMAIN: Final = "sms.cal.com"
# A number that took no SMS is tried again after half a year: numbers get new owners.
DEAD_NUMBER_FOR: Final = timedelta(days=180)


def number_for(about: Appointment | BookingRequest) -> str:
    """The number for SMS about it: the one that its caller said and agreed to, else the customer's."""
    request, customer = request_of(about), customer_of(about)
    if request is not None and agreed_to(about, request.contact_phone) and is_mobile(request.contact_phone):
        return request.contact_phone
    return customer.sms_number if customer else ""


def request_of(about: Appointment | BookingRequest | None) -> BookingRequest | None:
    return about.booking_request if isinstance(about, Appointment) else about


def wish_of(offer: Offer) -> BookingRequest | None:
    """The wish with which its customer has waited; None for one who stands on the waiting list alone."""
    return offer.follow_up.booking_request if offer.follow_up is not None else None


def customer_of(about: Appointment | BookingRequest) -> Customer | None:
    return about.customer if isinstance(about, Appointment) else about.who


def agreed_to(about: Appointment | BookingRequest | None, number: str) -> bool:
    """Whether exactly this number was said, with a yes to SMS, when the appointment was asked for."""
    request = request_of(about)
    return request is not None and request.sms_consent and bool(number) and request.contact_phone == number


def sms_objection(
    customer: Customer | None, number: str, about: Appointment | BookingRequest | None = None
) -> Why | None:
    """Why this customer gets no SMS about the appointment, or the wish for one, at this number; None if they may."""
    if customer is None:
        return Why.NO_CUSTOMER
    if not number:
        return Why.NO_NUMBER
    if has_opted_out(number, customer.company):
        return Why.STOPPED
    if not customer.may_receive_sms and not agreed_to(about, number):
        return Why.NO_CONSENT
    if not is_mobile(number):
        return Why.NO_MOBILE
    if _took_no_sms(customer.company_id, number):
        return Why.TOOK_NO_SMS
    return None


def holders(number: str) -> QuerySet[Customer]:
    """All customers, of any company, with exactly this number among theirs."""
    return Customer.objects.filter(having(number, contact=True))


def email_of(appointment: Appointment) -> str:
    """The attendee's address, else the customer's; empty when there is none that reaches a person."""
    known = [appointment.attendee_email, appointment.customer.email if appointment.customer else ""]
    return next((address for address in known if address and is_real(address)), "")


def calcom_tells(appointment: Appointment) -> bool:
    """Whether Cal.com tells the attendee in our place: it does so by mail, so the address must be a real one."""
    address = appointment.calcom_email or appointment.attendee_email
    return appointment.company.calcom_handles_notifications and is_real(address)


def number_of(appointment: Appointment) -> str:
    """Where a person can call the attendee; empty when no number is known."""
    customer, call = appointment.customer, appointment.call
    known = (appointment.attendee_phone, customer.sms_number if customer else "", call.from_number if call else "")
    return next((number for number in known if number.startswith("+")), "")


def is_real(address: str) -> bool:
    """Whether mail to this address reaches a person: it is valid and was not made up."""
    try:
        validate_email(address)
    except ValidationError:
        return False
    return address.rpartition("@")[2].lower() not in (settings.SYNTHETIC_EMAIL_DOMAIN, PHONE_ONLY_DOMAIN)


def staff_email(company: Company, branch_email: str) -> str:
    """The address for a company's staff: the branch's, else the company's."""
    return branch_email or company.notification_email


def _took_no_sms(company_id: int, number: str) -> bool:
    tried = Notification.objects.filter(
        company_id=company_id,
        recipient=number,
        channel=Notification.Channel.SMS,
        sending_at__gt=timezone.now() - DEAD_NUMBER_FOR,
        status__in=Notification.ANSWERED,
    )
    return tried.order_by("-id").values_list("error_code", flat=True).first() in DEAD_NUMBER_CODES
