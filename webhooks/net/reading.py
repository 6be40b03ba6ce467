"""Reads the calls of one account that ended in a span of time, and hands in those that no webhook has reported."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.utils import timezone

from askpro.one_by_one import gravest
from askpro.queues.errors import JobError, Release
from calls.models import Call, PhoneNumber
from calls.retell.call import RetellCall, parse_call
from calls.retell.errors import UnknownCall
from calls.retell.event import Event
from calls.retell.fields import InvalidCall
from calls.tenancy import number_of
from webhooks.models import EarlierCall, Provider, RetellReading, WebhookEvent
from webhooks.models.address import objection
from webhooks.net.accounts import Account
from webhooks.net.told import ENDS, event_of, hand_in, is_over

# Each reading overlaps the last by this much: Retell may note the end of a call late.
OVERLAP: Final = timedelta(hours=1)
# Where the first reading of an account begins.
FIRST: Final = timedelta(days=3)
# For so long after its end a call's webhook may still be on its way.
ON_ITS_WAY: Final = timedelta(minutes=2)
# Retell may list a call that it cannot get yet. After this time it is taken as it was listed, without its transcript.
LISTED_ONLY: Final = timedelta(minutes=10)
# Calls that began longer than this before their number was entered were answered for somebody else.
BEFORE_US: Final = timedelta(days=1)
# Calls without a time that the first reading of an account may find; more are a history from before AskPro.
MOST_UNDATED: Final = 50
# Pages of calls that never connected, in each reading; one through the night reads them all.
FEW_PAGES: Final = 20


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when; `is_whole` reads all calls that never connected, which may have no time."""

    since: datetime
    until: datetime
    is_whole: bool = False


@dataclass(slots=True)
class Found:
    """How many calls a reading found: those listed, and what became of each."""

    listed: int = 0
    known: int = field(default=0, metadata={"told": "known"})
    handed_in: int = field(default=0, metadata={"told": "handed in"})
    missing: int = field(default=0, metadata={"told": "missing"})
    ongoing: int = field(default=0, metadata={"told": "not ended, or ended just now"})
    earlier: int = field(default=0, metadata={"told": "from before this account or number was entered"})
    strange: int = field(default=0, metadata={"told": "of no number or company to be read here"})
    unreadable: int = field(default=0, metadata={"told": "unreadable"})
    failed: int = field(default=0, metadata={"told": "not to be had now"})

    def __str__(self) -> str:
        counts = [(getattr(self, one.name), one.metadata["told"]) for one in fields(self) if one.metadata]
        return ", ".join([f"{self.listed} listed", *(f"{count} {told}" for count, told in counts if count)])


@dataclass(slots=True)
class Reader:
    """One reading of an account. `company_id` leaves out the others' calls; `is_dry` only counts what is missing, and
    `takes_old` takes calls however long before their number's entry they were, since a person asked for them.

    A job has until `ends_at` (monotonic); what was handed in until then is known to the next one.
    """

    account: Account
    reading: RetellReading
    span: Span
    company_id: int | None = None
    is_dry: bool = False
    takes_old: bool = False
    ends_at: float | None = None
    note: Callable[[Found], object] = lambda found: None
    found: Found = field(default_factory=Found)
    errors: list[Exception] = field(default_factory=list)
    undated: list[tuple[Mapping[str, Any], RetellCall]] = field(default_factory=list)

    def read(self) -> Found:
        """Raises what the client raises; a call that fails stops no other, and its error is raised at the end."""
        for page in self.account.retell.ended_between(self.span.since, self.span.until):
            self._read_page(page)
        pages = self.account.retell.not_connected()
        for page in pages if self.span.is_whole else islice(pages, FEW_PAGES):
            self._read_page(page, only_without_end=True)
        self._settle_undated()
        if self.errors:
            raise gravest(self.errors)
        return self.found

    def _read_page(self, page: list[Any], *, only_without_end: bool = False) -> None:
        calls = [call for call in self._readable(page) if not (only_without_end and self._is_elsewhere(call[1]))]
        self.found.listed += len(calls)
        known = known_events(call.call_id for _, call in calls)
        for item, told in calls:
            self._look_at(item, told, known.get(told.call_id, []))
        self.note(self.found)

    def _readable(self, page: list[Any]) -> Iterator[tuple[Mapping[str, Any], RetellCall]]:
        for item in page:
            try:
                yield item, parse_call(item)
            except InvalidCall:
                self.found.unreadable += 1

    def _is_elsewhere(self, told: RetellCall) -> bool:
        """Whether a call that was not connected is in the list by time, or began before this span."""
        return told.ended_at is not None or (told.started_at is not None and told.started_at < self.span.since)

    def _look_at(self, item: Mapping[str, Any], told: RetellCall, events: list[WebhookEvent]) -> None:
        if not is_over(told) or _is_on_its_way(told):
            self.found.ongoing += 1
        elif not _is_missing(item, self.account, events):
            self.found.known += 1
        elif (number := number_of(told)) is None or not self._is_read_here(number):
            self.found.strange += 1
        elif _is_known_elsewhere(item, number, events) or Call.is_erased(number.company_id, told.call_id):
            self.found.known += 1
        elif self._is_from_before(told, number):
            self.found.earlier += 1
        elif told.started_at is None and self.reading.read_until is None:
            self.undated.append((item, told))
        else:
            self._take(item, told)

    def _is_read_here(self, number: PhoneNumber) -> bool:
        if objection(Provider.RETELL, self.account.address, number.company_id):
            return False
        return self.company_id is None or number.company_id == self.company_id

    def _is_from_before(self, told: RetellCall, number: PhoneNumber) -> bool:
        """Whether the call was over before anybody wanted it here: whoever answered then has dealt with it."""
        began = told.started_at or told.ended_at
        if began is None:
            return EarlierCall.objects.filter(reading=self.reading, call_id=told.call_id).exists()
        entered = number.created_at
        return not self.takes_old and entered is not None and began < entered - BEFORE_US

    def _settle_undated(self) -> None:
        """In the first reading nothing tells a lost call without a time from one of years ago, but their number."""
        if len(self.undated) <= MOST_UNDATED:
            for item, told in self.undated:
                self._take(item, told)
            return
        self.found.earlier += len(self.undated)
        if not self.is_dry:
            EarlierCall.note(self.reading, [told.call_id for _, told in self.undated])

    def _take(self, item: Mapping[str, Any], told: RetellCall) -> None:
        if self.is_dry:
            self.found.missing += 1
        else:
            self._fetch(item, told)

    def _fetch(self, item: Mapping[str, Any], told: RetellCall) -> None:
        if self.ends_at is not None and time.monotonic() > self.ends_at:
            raise Release(1.0, "goes on with the rest")
        try:
            self.found.handed_in += hand_in(self.account, self._whole(item, told))
        except Release:
            raise
        except JobError as error:
            self.found.failed += 1
            self.errors.append(error)

    def _whole(self, item: Mapping[str, Any], told: RetellCall) -> Mapping[str, Any]:
        try:
            return self.account.retell.get_call(told.call_id)
        except UnknownCall:
            if told.ended_at is not None and told.ended_at > timezone.now() - LISTED_ONLY:
                raise
            return item


def next_span(reading: RetellReading, days: int = 0) -> Span:
    """From the last complete reading minus an hour up to now; with `days`, these days."""
    now = timezone.now()
    last = reading.read_until or now - FIRST
    since = min(last, now - timedelta(days=days)) if days else last
    return Span(since - OVERLAP, now, is_whole=bool(days) or reading.read_until is None)


def known_events(call_ids: Iterable[str]) -> dict[str, list[WebhookEvent]]:
    """The events that have reported the end or the analysis of these calls."""
    events: dict[str, list[WebhookEvent]] = {}
    rows = WebhookEvent.objects.filter(provider=Provider.RETELL, subject__in=[*call_ids], event_type__in=ENDS)
    for event in rows.only("subject", "event_type", "address_id", "company_id", "status"):
        events.setdefault(event.subject, []).append(event)
    return events


def _is_missing(item: Mapping[str, Any], account: Account, events: Iterable[WebhookEvent]) -> bool:
    """Whether no event that came in at this account's address tells as much."""
    address_id = account.address and account.address.pk
    return not any(event.address_id == address_id and _tells(event, item) for event in events)


def _is_known_elsewhere(item: Mapping[str, Any], number: PhoneNumber, events: Iterable[WebhookEvent]) -> bool:
    """Whether the event came in at another address of the company, before it had this one or another."""
    done = WebhookEvent.Status.PROCESSED
    ours = [event for event in events if event.status == done and event.company_id == number.company_id]
    return any(_tells(event, item) for event in ours)


def _tells(event: WebhookEvent, item: Mapping[str, Any]) -> bool:
    return event.event_type == Event.ANALYZED or event_of(item) == Event.ENDED


def _is_on_its_way(told: RetellCall) -> bool:
    return told.ended_at is not None and told.ended_at > timezone.now() - ON_ITS_WAY
