"""The caller's row: found by phone number, created once, never renamed by a call."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils import timezone

from calls.models import Call, Company, Customer, CustomerNumber
from calls.models.customer_number import having
from calls.phone import is_mobile
from calls.tenancy import other_party
from calls.text import fold
from calls.wishes.wish import WishedAppointment


def customer_of(call: Call, wish: WishedAppointment | None) -> Customer | None:
    """The row of the person who called; created if missing. Runs in a transaction that holds the call's lock.

    A withheld number matches no customer: such a caller becomes a new one, and only if an appointment was wished.
    """
    customer = _known(call) or _made(call, wish)
    if customer is not None and wish is not None:
        _learn(customer, wish)
        _note_consent(customer, wish, call)
        customer.save()
    return customer


def attendee(company: Company, phone: str | None, name: str, email: str, sms_consent: bool) -> Customer:
    """The customer of a request without a call: found by number or created; nothing known is overwritten.

    Runs in the caller's transaction. `phone` is in E.164. Without one, each request creates a customer, as with calls.
    """
    if phone is None:
        customer = Customer.objects.create(company=company, language=company.language)
    else:
        customer = _by_phone(company, phone, CustomerNumber.Known.SAID)
    customer.name = customer.name or name
    if not customer.email and _is_valid(email):
        customer.email = email
    if sms_consent and customer.sms_consent_at is None:
        customer.sms_consent_at = timezone.now()
    customer.save()
    return customer


def has_agreed(call: Call) -> bool:
    """Whether the caller has agreed to messages, in this call or before it."""
    return call.booking_requests.filter(sms_consent=True).exists() or _agreeing(call).exists()


def take_back_consent(call: Call) -> None:
    """The caller refused messages after all: take back consent, unless it was given after this call."""
    call.booking_requests.filter(sms_consent=True).update(sms_consent=False)
    _agreeing(call).update(sms_consent_at=None, sms_consent_call=None)


def _agreeing(call: Call) -> QuerySet[Customer]:
    """The caller's row, if consent to messages was given in this call or before it."""
    return Customer.objects.filter(calls=call, sms_consent_at__lte=call.said_at)


def _known(call: Call) -> Customer | None:
    if call.customer_id is not None:
        return _of_now(Customer.objects.select_for_update().get(pk=call.customer_id))
    phone = other_party(call.direction, call.from_number, call.to_number, call.branch.home)
    return _by_phone(call.company, phone) if phone is not None else None


def _made(call: Call, wish: WishedAppointment | None) -> Customer | None:
    if wish is None:
        return None
    return Customer.objects.create(company=call.company, language=call.company.language)


def _by_phone(company: Company, phone: str, known: CustomerNumber.Known = CustomerNumber.Known.CALLED) -> Customer:
    """The customer who has this number, locked; made if there is none."""
    held = _holding(company, phone)
    if held is None:
        row = Customer(company=company, phone=phone, language=company.language)
        Customer.objects.bulk_create([row], ignore_conflicts=True)
        held = _of_now(Customer.objects.select_for_update().get(company=company, phone=phone))
    CustomerNumber.note(held, phone, CustomerNumber.Kind.LINE, known)
    return held


def _holding(company: Company, phone: str) -> Customer | None:
    """Whoever calls from it goes before whoever only has it."""
    rows = Customer.objects.select_for_update().filter(having(phone), company=company)
    return min(rows, key=lambda row: (row.phone != phone, row.pk), default=None)


def _of_now(customer: Customer) -> Customer:
    """The row that stands for the customer now: perhaps another one took its place while this one was waited for."""
    while customer.merged_into_id is not None:
        customer = Customer.objects.select_for_update().get(pk=customer.merged_into_id)
    return customer


def _learn(customer: Customer, wish: WishedAppointment) -> None:
    """Fill only missing name and e-mail: a mother who books for her child keeps her name.

    What another person says on the same line, and any other number, is kept on the request, and used for its
    appointment only (`appointments.changes.contact` says when a number is more than that).
    """
    is_other = bool(customer.name and wish.name) and fold(customer.name) != fold(wish.name)
    customer.name = customer.name or wish.name
    if not customer.email and not is_other and _is_valid(wish.email):
        customer.email = wish.email


def _note_consent(customer: Customer, wish: WishedAppointment, call: Call) -> None:
    # A yes that comes with another number is about that number, and is kept on the request.
    if wish.sms_consent is True and customer.sms_consent_at is None and not _is_other_number(customer, wish):
        customer.sms_consent_at, customer.sms_consent_call = call.said_at, call
    if wish.sms_consent is False:
        customer.sms_consent_at = customer.sms_consent_call = None


def _is_other_number(customer: Customer, wish: WishedAppointment) -> bool:
    """Whether the caller said a mobile number that is not the customer's; a landline cannot receive SMS."""
    said = wish.contact_phone
    return bool(said) and said not in (customer.phone, customer.contact_phone) and is_mobile(said or "")


def _is_valid(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True
