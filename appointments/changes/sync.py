"""Reads a company's event types and bookings from Cal.com, and so repairs what lost webhooks missed."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from appointments import availability
from appointments.calcom import client as calcom
from appointments.calcom.booking import Booking
from appointments.calcom.client import Calcom
from appointments.calcom.errors import NotFound
from appointments.calcom.event_types import EventType
from appointments.changes.adoption import NoCompany
from appointments.changes.mirror import mirror
from appointments.models import SyncPoint
from askpro.one_by_one import gravest, one_by_one
from calls.models import Company, Service, Staff

# Clocks differ, and a row may be committed after a later one, so each reading overlaps the last by this much.
OVERLAP: Final = timedelta(minutes=10)
CHECKPOINT_EVERY: Final = 50
LONGEST_NOTICE: Final = 366 * 24 * 60  # minutes


def sync_company(company: Company) -> None:
    """Read both parts, each from where it ended last time. Raises what the client raises; what was read is kept.

    A row that cannot be mirrored does not stop the others; its error is raised at the end.
    """
    client = calcom.for_company(company)
    failures = [*sync_event_types(client, company), *sync_bookings(client, company)]
    availability.flush(company.pk)
    if failures:
        raise gravest(failures)


def sync_event_types(client: Calcom, company: Company) -> list[Exception]:
    """Update services from their event types. None is deleted; a new one is inactive until a person activates it."""
    started = timezone.now()
    failures = one_by_one(client.event_types(), lambda event_type: _offer(company, event_type), atomic=True)
    _point(company, SyncPoint.Part.EVENT_TYPES, started)
    return [error for _, error in failures]


def judge(client: Calcom, service: Service) -> None:
    """Read, once, whether a phone call is enough for a service that no sync has read yet.

    An event type that Cal.com does not show, such as a team's, is booked nevertheless; Cal.com's answer decides.
    """
    if service.calcom_event_type_id is None or service.judged_at is not None:
        return
    try:
        event_type = client.event_type(service.calcom_event_type_id)
    except NotFound:
        event_type = None
    _write(service, _judgement(event_type) if event_type else {"judged_at": timezone.now()})


def sync_bookings(client: Calcom, company: Company) -> list[Exception]:
    """Mirror what has changed since the last time, or, the first time, all future bookings. Returns the errors."""
    started = timezone.now()
    services = Service.objects.filter(company=company, calcom_event_type_id__isnull=False)
    event_types = ",".join(str(id_) for id_ in services.values_list("calcom_event_type_id", flat=True))
    bookings = SyncPoint.Part.BOOKINGS
    point, _ = SyncPoint.objects.get_or_create(company=company, part=bookings, defaults={"began_at": started})
    if not event_types:
        failures: list[Exception] = []
    elif point.read_until is None:
        failures = _read_all(client, point, event_types)
    else:
        failures = _read_changes(client, point, event_types, point.read_until - OVERLAP)
    # What changed during the first reading, in one job or in several, is read the next time.
    _point(company, bookings, started if point.read_until or point.began_at is None else point.began_at)
    return failures


def _read_all(client: Calcom, point: SyncPoint, event_types: str) -> list[Exception]:
    """Read all, sorted by time, so that a reading that the vendor's rate limit interrupts continues where it was."""
    since = _written(point.ahead_from or timezone.now() - timedelta(days=1))
    ahead = client.list_bookings({"eventTypeIds": event_types, "afterStart": since, "sortStart": "asc"})
    return _mirror_all(ahead, lambda booking: point.note(ahead_from=booking.starts_at))


def _read_changes(client: Calcom, point: SyncPoint, event_types: str, since: datetime) -> list[Exception]:
    # A booking that was never changed may have no time of change.
    query = {"eventTypeIds": event_types, "afterCreatedAt": _written(since), "sortCreated": "asc"}
    failures = _mirror_all(client.list_bookings(query))
    query = {"eventTypeIds": event_types, "afterUpdatedAt": _written(since), "sortUpdatedAt": "asc"}
    changed = client.list_bookings(query)
    return failures + _mirror_all(changed, lambda booking: point.note(read_until=booking.updated_at))


def _mirror_all(bookings: Iterator[Booking], note: Callable[[Booking], None] | None = None) -> list[Exception]:
    """Mirror each in its own transaction, and `note` the progress every CHECKPOINT_EVERY bookings.

    One that fails is tried again after the others: its rows may have been locked, and no later reading returns it.
    """
    counter = count(1)

    def act(booking: Booking) -> None:
        with suppress(NoCompany):
            mirror(booking, booking.updated_at or timezone.now())
        if note is not None and next(counter) % CHECKPOINT_EVERY == 0:
            note(booking)

    failures = one_by_one(bookings, act, atomic=True)
    return [error for _, error in one_by_one([booking for booking, _ in failures], act, atomic=True)]


def _offer(company: Company, event_type: EventType) -> None:
    service = Service.objects.filter(calcom_event_type_id=event_type.id).first()
    if service is None:
        if _has_key_for_itself(company):
            _add(company, event_type)
    elif service.company_id == company.pk:
        _update(service, event_type)


def _has_key_for_itself(company: Company) -> bool:
    """Whether all event types of the key belong to this company; companies that share a key cannot be told apart."""
    if company.calcom_api_key:
        return company.calcom_api_key != settings.CALCOM_API_KEY
    sharing = Company.objects.filter(calcom_api_key="", is_active=True).exclude(pk=company.pk)
    return not sharing.exists()


def _add(company: Company, event_type: EventType) -> None:
    values = {
        "company": company,
        "calcom_event_type_id": event_type.id,
        "calcom_slug": event_type.slug,
        "duration_minutes": event_type.minutes or Service._meta.get_field("duration_minutes").get_default(),
        "minimum_notice_minutes": min(event_type.minimum_notice or 0, LONGEST_NOTICE),
        "is_active": False,
        "synced_at": timezone.now(),
        **_judgement(event_type),
    }
    taken = Service.objects.filter(company=company, name=event_type.title).exists()
    name = f"{event_type.title[:170]} ({event_type.id})" if taken else event_type.title
    service, _ = Service.objects.get_or_create(calcom_event_type_id=event_type.id, defaults={**values, "name": name})
    _set_hosts(service, event_type)


def _update(service: Service, event_type: EventType) -> None:
    service.calcom_slug = event_type.slug
    service.duration_minutes = event_type.minutes or service.duration_minutes
    service.synced_at = timezone.now()
    taken = Service.objects.filter(company=service.company, name=event_type.title).exclude(pk=service.pk).exists()
    if service.name != event_type.title and not taken:
        # Callers keep using the old word.
        service.synonyms = list(dict.fromkeys([*service.synonyms, service.name]))
        service.name = event_type.title
    service.save(update_fields=["calcom_slug", "duration_minutes", "synced_at", "name", "synonyms"])
    _write(service, _judgement(event_type))
    _set_hosts(service, event_type)


def _set_hosts(service: Service, event_type: EventType) -> None:
    """Who does this service: its hosts at Cal.com, as far as they are entered here as staff.

    Staff without a Cal.com user stay as people have entered them, and so do all while no host is known.
    """
    known = Staff.objects.filter(company=service.company, calcom_user_id__in=event_type.hosts)
    if known:
        gone = service.staff.filter(calcom_user_id__isnull=False).exclude(calcom_user_id__in=event_type.hosts)
        service.staff.remove(*gone)
        service.staff.add(*known)


def _judgement(event_type: EventType) -> dict[str, Any]:
    """Whether it can be booked by phone, as `Service` keeps it."""
    return {
        "obstacles": list(event_type.obstacles),
        "needs_confirmation": event_type.needs_confirmation,
        "required_fields": list(event_type.required),
        "judged_at": timezone.now(),
    }


def _write(service: Service, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(service, name, value)
    service.save(update_fields=list(values))


def _point(company: Company, part: SyncPoint.Part, read_until: datetime) -> None:
    values = {"read_until": read_until, "finished_at": timezone.now()}
    SyncPoint.objects.update_or_create(company=company, part=part, defaults=values)


def _written(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
