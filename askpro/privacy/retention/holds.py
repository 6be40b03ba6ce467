"""Which rows a customer's legal hold keeps."""

from collections.abc import Callable

from django.db.models import Q

from appointments.models import Appointment, CalcomUid
from calls.models import Call, Customer
from notifications.models import Notification
from notifications.twilio.event import Kind
from webhooks.models import Provider

NONE = Q(pk__in=())


def nobody() -> Q:
    """No hold concerns these rows."""
    return NONE


def of(*paths: str) -> Callable[[], Q]:
    """Rows whose customer, by one of these paths, is held."""

    def held() -> Q:
        customers = _held()
        rows = NONE
        for path in paths if customers else ():
            rows |= Q(**{f"{path}__in": customers})
        return rows

    return held


def of_themselves() -> Q:
    """Customers who are held, and those whose row is a part of theirs."""
    return Q(pk__in=_held()) | Q(merged_into__in=_held())


def of_events() -> Q:
    """Events about a held customer's calls, bookings and messages.

    What customers write by SMS leads to no row of theirs: while a company holds somebody, it keeps all of these.
    """
    customers = _held()
    if not customers:
        return NONE
    calls = Call.objects.filter(customer__in=customers).values_list("retell_call_id", flat=True)
    appointments = Appointment.objects.filter(customer__in=customers)
    uids = CalcomUid.objects.filter(appointment__in=appointments).values_list("uid", flat=True)
    messages = Notification.objects.filter(customer__in=customers).exclude(provider_id=None)
    subjects = {*calls, *uids, *messages.values_list("provider_id", flat=True)}
    companies = Customer.objects.filter(pk__in=customers).values_list("company_id", flat=True)
    replies = Q(provider=Provider.TWILIO, event_type__startswith=Kind.MESSAGE.value, company__in=[*companies])
    return Q(subject__in=subjects - {""}) | replies


def _held() -> list[int]:
    return list(Customer.objects.filter(Customer.held()).values_list("pk", flat=True))
