"""The vendors' stored events about a person: by the ids that they name, and by what stands in them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from appointments.models import CalcomUid
from askpro.privacy.models import Wanted
from notifications.twilio.event import Kind
from webhooks.inbox.reading import Malformed
from webhooks.models import Provider, WebhookEvent

AT_ONCE: Final = 100
_BETWEEN_DIGITS: Final = re.compile(r"[ \-()/]")


def events_about(wanted: Wanted, companies: frozenset[int] | None, subjects: Iterable[str]) -> Iterator[int]:
    """Ids of the events about these calls, bookings and messages, and of others that name the person's number or
    address: what customers sent by SMS, and what found no row of ours.
    """
    events = WebhookEvent.objects.all()
    if companies is not None:
        events = events.filter(Q(company__in=companies) | Q(company=None))
    known = set(events.filter(subject__in=[*subjects]).values_list("pk", flat=True))
    yield from known
    needles = {*wanted.numbers, *wanted.emails}
    if needles:
        for event in _to_be_read(events).iterator(chunk_size=AT_ONCE):
            if event.pk not in known and not needles.isdisjoint(_said(event)):
                yield event.pk


def _to_be_read(events: QuerySet[WebhookEvent]) -> QuerySet[WebhookEvent]:
    """Those that no row of ours leads to."""
    booked = CalcomUid.objects.filter(uid=OuterRef("subject"), appointment__isnull=False)
    inbound = Q(provider=Provider.TWILIO, event_type__startswith=Kind.MESSAGE)
    alone = Q(provider=Provider.CALCOM) & ~Exists(booked)
    unfinished = ~Q(status=WebhookEvent.Status.PROCESSED)
    return events.filter(inbound | alone | unfinished).only("pk", "body", "content_type").order_by("pk")


def _said(event: WebhookEvent) -> Iterator[str]:
    """Every text in the event's body, numbers without blanks and addresses in small letters."""
    try:
        values: list[Any] = [event.payload]
    except Malformed:
        return
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values += value.values()
        elif isinstance(value, list):
            values += value
        elif isinstance(value, str) and len(value) < 300:
            yield _BETWEEN_DIGITS.sub("", value)
            yield value.casefold()
