"""Who called: found by number, made once, never renamed by a call."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from calls.extraction import WishedAppointment
from calls.models import Call, Company, Customer
from calls.phone import is_mobile
from calls.tenancy import other_party


def customer_of(call: Call, wish: WishedAppointment | None) -> Customer | None:
    """The caller's row, made now if there is none, in the caller's transaction, which holds the call's lock.

    A withheld number never matches anybody: such a caller is a new customer, and only when something was wished.
    """
    customer = _known(call) or _made(call, wish)
    if customer is not None and wish is not None:
        _learn(customer, wish)
        _note_consent(customer, wish, call)
        customer.save()
    return customer


def attendee(company: Company, phone: str | None, name: str, email: str, sms_consent: bool) -> Customer:
    """Who an appointment was asked for without a call, found by number or made now; nothing known is overwritten.

    In the caller's transaction. `phone` is in E.164. Without one it is a new customer each time, as with a call.
    """
    if phone is None:
        customer = Customer.objects.create(company=company, language=company.language)
    else:
        customer = _by_phone(company, phone)
    customer.name = customer.name or name
    if not customer.email and _is_valid(email):
        customer.email = email
    if sms_consent and customer.sms_consent_at is None:
        customer.sms_consent_at = timezone.now()
    customer.save()
    return customer


def _known(call: Call) -> Customer | None:
    if call.customer_id is not None:
        return Customer.objects.select_for_update().get(pk=call.customer_id)
    phone = other_party(call.direction, call.from_number, call.to_number, call.branch.home)
    return _by_phone(call.company, phone) if phone is not None else None


def _made(call: Call, wish: WishedAppointment | None) -> Customer | None:
    if wish is None:
        return None
    return Customer.objects.create(company=call.company, language=call.company.language)


def _by_phone(company: Company, phone: str) -> Customer:
    row = Customer(company=company, phone=phone, language=company.language)
    Customer.objects.bulk_create([row], ignore_conflicts=True)
    return Customer.objects.select_for_update().get(company=company, phone=phone)


def _learn(customer: Customer, wish: WishedAppointment) -> None:
    """Name and e-mail only fill gaps: a mother who books for her child stays who she is."""
    customer.name = customer.name or wish.name
    if not customer.email and _is_valid(wish.email):
        customer.email = wish.email
    said = wish.contact_phone
    if said and said != customer.phone and is_mobile(said):
        customer.contact_phone = said


def _note_consent(customer: Customer, wish: WishedAppointment, call: Call) -> None:
    if wish.sms_consent is True and customer.sms_consent_at is None:
        customer.sms_consent_at, customer.sms_consent_call = call.said_at, call
    if wish.sms_consent is False:
        customer.sms_consent_at = customer.sms_consent_call = None


def _is_valid(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True
