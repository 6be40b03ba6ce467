"""Which numbers want no more SMS, from which sender. Companies that share a sender share its opt-outs."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from calls.models import Company
from notifications.models import OptOut


def sender_of(company: Company) -> str:
    """The sender of the company's SMS; empty if none is set."""
    return company.sms_sender or settings.TWILIO_MESSAGING_SERVICE_SID


def opt_out(number: str, senders: Iterable[str]) -> None:
    """Send no more SMS from these senders to this number."""
    rows = [OptOut(number=number, sender=sender) for sender in sorted({*senders}) if sender]
    OptOut.objects.bulk_create(rows, ignore_conflicts=True)


def opt_in(number: str, senders: Iterable[str]) -> None:
    """Take an opt-out back. This does not give consent if there was none."""
    OptOut.of(number).filter(sender__in=[*senders]).delete()


def has_opted_out(number: str, company: Company) -> bool:
    """Whether no more SMS go from the company's sender to this number."""
    return OptOut.of(number).filter(sender=sender_of(company)).exists()


def with_stop(customers: QuerySet[Any]) -> QuerySet[Any]:
    """Customers with `has_stopped`: whether one of their numbers has opted out of their company's sender."""
    sender = Coalesce(NullIf(OuterRef("company__sms_sender"), Value("")), Value(settings.TWILIO_MESSAGING_SERVICE_SID))
    theirs = (OuterRef("phone"), OuterRef("contact_phone"))
    numbers = reduce(or_, (Q(number=number) for number in (*theirs, *OptOut.hidden_in_sql(*theirs))))
    return customers.annotate(has_stopped=Exists(OptOut.objects.filter(numbers, sender=sender)))
