"""When a number that was said becomes a customer's contact number: with the appointment that it was said for."""

from django.db.models import Q
from django.utils import timezone

from appointments.models import Appointment
from calls.models import BookingRequest, Customer, CustomerNumber
from calls.phone import is_mobile
from calls.text import fold


def learn(appointment: Appointment) -> None:
    """Both sides agree to the appointment: the number that was said for it is its customer's from now on.

    Not if another person was named, nor if a person entered a number or an earlier appointment has used one: otherwise
    any caller could have another customer's messages sent elsewhere. A yes to SMS that was said with it comes along.
    """
    request = appointment.booking_request
    if request is None or appointment.customer_id is None or not is_mobile(request.contact_phone):
        return
    customer = Customer.objects.select_for_update().get(pk=appointment.customer_id)
    if request.contact_phone in (customer.phone, customer.contact_phone) or not _is_same(customer, request):
        return
    if _is_settled(customer, appointment):
        return
    customer.contact_phone, customer.contact_phone_call = request.contact_phone, request.call
    if request.sms_consent and customer.sms_consent_at is None:
        customer.sms_consent_at = request.call.said_at if request.call else timezone.now()
        customer.sms_consent_call = request.call
    customer.save(update_fields=["contact_phone", "contact_phone_call", "sms_consent_at", "sms_consent_call"])
    CustomerNumber.note(customer, request.contact_phone, CustomerNumber.Kind.CONTACT, CustomerNumber.Known.SAID)


def _is_same(customer: Customer, request: BookingRequest) -> bool:
    """Whether nobody else than the customer was named."""
    return not (customer.name and request.name) or fold(customer.name) == fold(request.name)


def _is_settled(customer: Customer, appointment: Appointment) -> bool:
    """Whether the contact number is more than an earlier caller's word, as older releases took down."""
    if not customer.contact_phone:
        return False
    heard_of = Q(status__in=Appointment.AGREED) | Q(version__gt=1)
    others = customer.appointments.exclude(pk=appointment.pk)
    return customer.contact_phone_call_id is None or others.filter(heard_of).exists()
