"""Which rows each class of data means, when nobody works on them any more, and what is left of them.

Blanked rows keep their states, times and counts, so that every statistic stays as it was. What is blanked follows from
`askpro.privacy.classes`: the fields that are kept as long as this class.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Exists, F, Func, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat, Greatest, Left, Now

from appointments.models import Appointment, Attempt, CalcomUid, Change, FollowUp, Question, WaitingEntry
from askpro.console.models import Deed, LoginAttempt
from askpro.console.repair.models import Fix, Repair
from askpro.privacy.classes import Kept, personal
from askpro.privacy.models import Read, RetentionRun
from askpro.privacy.retention import holds
from askpro.watch.models import Delivery, Incident, Mute, Notice, Watcher
from calls.models import BookingRequest, Call, Customer, FunctionCall
from notifications.models import Notification
from webhooks.models import RefusedWebhook, WebhookEvent

Event = WebhookEvent.Status


@dataclass(frozen=True, slots=True)
class Shelf:
    """The rows of one table that hold a class of data.

    `age` is when a row's time began; `over` is true once nobody works on it any more. `held` says which rows a legal
    hold keeps. Rows are deleted, or their fields of this class, and of `also`, are emptied, and `sets` written.
    `numbered` tables are walked in the order of their ids; of the others, the oldest rows are taken until none is over.
    """

    kept: Kept
    model: type[models.Model]
    age: str
    over: Any = field(default_factory=Q)
    held: Callable[[], Q] = holds.nobody
    company: str | None = "company_id"
    only: Q = field(default_factory=Q)
    filled: Q | None = None
    deletes: bool = False
    also: tuple[Kept, ...] = ()
    sets: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)
    numbered: bool = True

    @property
    def fields(self) -> list[str]:
        """The fields that are emptied."""
        ends = (self.kept, *self.also)
        return [] if self.deletes else [name for name, held in personal(self.model) if held.kept in ends]

    @property
    def blanks(self) -> dict[str, Any]:
        """What is written into a row."""
        empty = {name: _empty(self.model._meta.get_field(name)) for name in self.fields}
        return empty | dict(self.sets)

    def rows(self) -> QuerySet[Any]:
        """The rows that still hold something; a row's age is `age`."""
        rows = self.model._default_manager.annotate(**self.seen) if self.seen else self.model._default_manager.all()
        return rows.filter(self.only, self._is_filled())

    def oldest(self) -> datetime | None:
        """The age of the row that has held something longest."""
        rows = self.rows().order_by("pk" if self.numbered and not self.seen else self.age)
        return rows.values_list(self.age, flat=True).first()

    def _is_filled(self) -> Q:
        if self.filled is not None or self.deletes:
            return self.filled or Q()
        some = Q(pk=None)
        for name in self.fields:
            some |= ~Q(**{name: _empty(self.model._meta.get_field(name))})
        for name in (name for name, value in self.sets.items() if value is None):
            some |= Q(**{f"{name}__isnull": False})
        return some


def _empty(column: Any) -> Any:
    if column.null:
        return None
    if isinstance(column, models.BinaryField):
        return b""
    return column.default() if isinstance(column, models.JSONField) else ""


def _open_follow_up(of: str) -> Exists:
    return Exists(FollowUp.objects.filter(**{of: OuterRef("pk")}, status=FollowUp.Status.OPEN))


def _open_request(of: str) -> Exists:
    return Exists(BookingRequest.objects.filter(**{of: OuterRef("pk")}, status=BookingRequest.Status.OPEN))


_CALL_IS_OVER: Final = (
    ~Q(status=Call.Status.ONGOING)
    & ~Q(outcome=Call.Outcome.PENDING)
    & ~_open_follow_up("call")
    & ~_open_request("call")
)
_HASH: Final = Func(F("retell_call_id"), template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')")
_LAST_APPOINTMENT: Final = Subquery(
    Appointment.objects.filter(customer=OuterRef("pk"))
    .order_by()
    .values("customer")
    .annotate(at=Max("ends_at"))
    .values("at")
)
_WAITING: Final = (Change.State.WAITING, Change.State.REQUESTED)
_DONE: Final = (Event.PROCESSED, Event.IGNORED)
_WITHOUT_BODY: Final = Q(body=b"", headers={}, query="")

SHELVES: Final = (
    Shelf(
        Kept.TRANSCRIPTS,
        Call,
        "created_at",
        over=_CALL_IS_OVER,
        held=holds.of("customer"),
    ),
    Shelf(
        Kept.FUNCTIONS,
        FunctionCall,
        "created_at",
        over=~Q(call__outcome=Call.Outcome.PENDING),
        held=holds.of("call__customer"),
        company="call__company_id",
        deletes=True,
    ),
    Shelf(Kept.BODIES, WebhookEvent, "received_at", held=holds.of_events, only=Q(status__in=_DONE)),
    Shelf(
        Kept.UNFINISHED_BODIES,
        WebhookEvent,
        "received_at",
        over=~Q(status=Event.RECEIVED),
        held=holds.of_events,
        only=~Q(status__in=_DONE),
        also=(Kept.BODIES,),
    ),
    Shelf(
        Kept.EVENTS,
        WebhookEvent,
        "received_at",
        over=~Q(status=Event.RECEIVED) & ~Exists(WebhookEvent.objects.filter(conflict_of=OuterRef("pk"))),
        held=holds.of_events,
        filled=_WITHOUT_BODY,
        deletes=True,
    ),
    Shelf(
        Kept.MESSAGES,
        Notification,
        "created_at",
        over=~Q(status__in=Notification.UNSENT),
        held=holds.of("customer"),
    ),
    Shelf(
        Kept.MESSAGES,
        Question,
        "asked_at",
        over=~Q(state=Question.State.OPEN),
        held=holds.of("customer"),
    ),
    Shelf(
        Kept.WORDS,
        BookingRequest,
        "created_at",
        over=~Q(status=BookingRequest.Status.OPEN) & ~_open_follow_up("booking_request"),
        held=holds.of("customer", "call__customer"),
    ),
    Shelf(
        Kept.WORDS,
        FollowUp,
        "created_at",
        over=~Q(status=FollowUp.Status.OPEN),
        held=holds.of("customer", "call__customer", "appointment__customer"),
    ),
    Shelf(
        Kept.WORDS,
        Attempt,
        "created_at",
        over=~Q(follow_up__status=FollowUp.Status.OPEN),
        held=holds.of("follow_up__customer", "follow_up__call__customer"),
        company="follow_up__company_id",
    ),
    Shelf(
        Kept.WORDS,
        Change,
        "created_at",
        over=~Q(state__in=_WAITING),
        held=holds.of("appointment__customer"),
    ),
    Shelf(
        Kept.CALLS,
        Call,
        "created_at",
        over=_CALL_IS_OVER,
        held=holds.of("customer"),
        filled=~Q(retell_call_id__startswith="gone:"),
        also=(Kept.TRANSCRIPTS,),
        # By the hash it is known again, should Retell tell of it once more.
        sets={
            "retell_call_id": Left(Concat(Value("gone:"), _HASH), 64),
            "customer": None,
            "erased_at": Coalesce("erased_at", Now()),
        },
    ),
    Shelf(
        Kept.APPOINTMENTS,
        Appointment,
        "ends_at",
        over=~Q(status=Appointment.Status.REQUESTED)
        & ~_open_follow_up("appointment")
        & ~Exists(Change.objects.filter(appointment=OuterRef("pk"), state__in=_WAITING)),
        held=holds.of("customer"),
        sets={"customer": None, "erased_at": Coalesce("erased_at", Now())},
    ),
    Shelf(
        Kept.APPOINTMENTS,
        CalcomUid,
        "created_at",
        over=Q(ended_at__isnull=False),
        held=holds.of("appointment__customer"),
    ),
    Shelf(
        Kept.CUSTOMERS,
        Customer,
        "seen_at",
        over=~_open_follow_up("customer")
        & ~_open_request("customer")
        & ~Exists(BookingRequest.objects.filter(call__customer=OuterRef("pk"), status=BookingRequest.Status.OPEN))
        & ~Exists(Question.objects.filter(customer=OuterRef("pk"), state=Question.State.OPEN))
        & ~Exists(WaitingEntry.objects.filter(customer=OuterRef("pk"), state=WaitingEntry.State.WAITING)),
        held=holds.of_themselves,
        deletes=True,
        seen={"seen_at": Greatest(Coalesce("last_contact_at", "created_at"), _LAST_APPOINTMENT)},
    ),
    Shelf(Kept.READS, Read, "last_at", deletes=True),
    Shelf(Kept.DEEDS, LogEntry, "action_time", company=None, deletes=True),
    Shelf(Kept.DEEDS, Deed, "at", company=None, deletes=True),
    Shelf(Kept.DEEDS, Repair, "asked_at", over=~Q(status__in=Repair.ACTIVE), company=None, deletes=True),
    Shelf(Kept.DEEDS, Fix, "closed_at", company=None, deletes=True),
    Shelf(Kept.DEEDS, RetentionRun, "began_at", over=Q(ended_at__isnull=False), company=None, deletes=True),
    Shelf(Kept.REFUSED, RefusedWebhook, "hour", company=None, deletes=True),
    Shelf(Kept.LOGINS, LoginAttempt, "at", company=None, deletes=True),
    Shelf(Kept.SESSIONS, Session, "expire_date", company=None, deletes=True, numbered=False),
    Shelf(
        Kept.INCIDENTS,
        Incident,
        "over_at",
        only=Q(status=Incident.Status.OVER) & (Q(told_at=None) | Q(over_told_at__isnull=False)),
        company=None,
        deletes=True,
        numbered=False,
    ),
    Shelf(
        Kept.INCIDENTS,
        Notice,
        "created_at",
        only=~Q(deliveries__status=Delivery.Status.WAITING),
        company=None,
        deletes=True,
        numbered=False,
    ),
    Shelf(Kept.INCIDENTS, Mute, "until", company=None, deletes=True, numbered=False),
    Shelf(Kept.INCIDENTS, Watcher, "beat_at", company=None, deletes=True, numbered=False),
)


def shelves_of(kind: str) -> list[Shelf]:
    """The tables that hold this class of data."""
    return [shelf for shelf in SHELVES if shelf.kept == kind]
