"""Blanks a person's rows. They stay, with their times and outcomes, so that every count stays what it was."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db import transaction
from django.db.models import BinaryField, Model, QuerySet
from django.utils import timezone

from appointments.models import Appointment, Detail, FollowUp, Question, WaitingEntry
from askpro.api.models import Submission
from askpro.privacy.trail import Trail, fields_of, personal_models
from calls.models import BookingRequest, Call, Customer, CustomerNumber, NamePart
from notifications.models import Notification, OptOut
from notifications.why import Why
from webhooks.models import WebhookEvent

AT_ONCE: Final = 200


def erase(trail: Trail) -> Iterator[tuple[str, int]]:
    """Blank the person's rows, table by table; yields each table's name with how many rows it had.

    What was blanked already is blanked again, so that whoever comes after a process that died repeats it safely.
    """
    for model in _order():
        ids = sorted(trail.ids(model)) if model is not OptOut else []
        for start in range(0, len(ids), AT_ONCE):
            with transaction.atomic():
                _erase(model, model._default_manager.filter(pk__in=ids[start : start + AT_ONCE]))
        if ids:
            yield model._meta.label, len(ids)
    if count := _hide_opt_outs(trail):
        yield OptOut._meta.label, count


def counts(trail: Trail) -> Iterator[tuple[str, int]]:
    """How many rows of each table would be blanked."""
    for model in personal_models():
        if count := trail.rows(model).count():
            yield model._meta.label, count


def _order() -> list[type[Model]]:
    """What leads to other rows comes last, so that whoever repeats this finds the rest: events are found by calls, and
    what refers to a row is defined after it.
    """
    models = [model for model in personal_models() if model is not WebhookEvent]
    return [WebhookEvent, *reversed(models)]


def blank(model: type[Model], name: str) -> Any:
    """The value of a field that says nothing."""
    field: Any = model._meta.get_field(name)
    if field.null:
        return None
    if field.has_default():
        return field.get_default()
    # A text or bytes.
    return b"" if isinstance(field, BinaryField) else ""


def _erase(model: type[Model], rows: QuerySet[Any]) -> None:
    if model in (CustomerNumber, NamePart):
        # Nothing of it would be left.
        rows.delete()
        return
    if settle := _SETTLED.get(model):
        settle(rows)
    rows.update(**{name: blank(model, name) for name in fields_of(model)}, **_ALSO.get(model, dict)())
    if model is BookingRequest:
        # The key that another system gave its request may be the person's number.
        Submission.objects.filter(booking_request__in=rows).update(key=None)


def _settle_calls(rows: QuerySet[Call]) -> None:
    """Nobody works on a call that is erased: not on its wishes, and not on its missing end."""
    rows.filter(status=Call.Status.ONGOING).update(status=Call.Status.ENDED)
    rows.filter(extracted_at=None).update(extracted_at=timezone.now())


def _settle_requests(rows: QuerySet[BookingRequest]) -> None:
    rows.filter(status=BookingRequest.Status.OPEN).update(status=BookingRequest.Status.DROPPED)


def _settle_follow_ups(rows: QuerySet[FollowUp]) -> None:
    waiting = rows.filter(status=FollowUp.Status.OPEN)
    # As done, because obsolete ones are not counted, and what was counted stays counted.
    waiting.update(status=FollowUp.Status.DONE, settled_by=Detail.ERASED, resolved_at=timezone.now())


def _settle_messages(rows: QuerySet[Notification]) -> None:
    # Without the signal of a message that has ended: nobody is to call a person who was erased.
    unsent = rows.filter(status__in=Notification.UNSENT)
    unsent.update(status=Notification.Status.SKIPPED, reason=Why.ERASED)


def _settle_questions(rows: QuerySet[Question]) -> None:
    rows.filter(state=Question.State.OPEN).update(state=Question.State.WITHDRAWN, ended_at=timezone.now())


def _settle_waiting(rows: QuerySet[WaitingEntry]) -> None:
    rows.filter(state=WaitingEntry.State.WAITING).update(state=WaitingEntry.State.ENDED, ended_at=timezone.now())


def _settle_events(rows: QuerySet[WebhookEvent]) -> None:
    waiting = rows.exclude(status__in=[WebhookEvent.Status.PROCESSED, WebhookEvent.Status.IGNORED])
    waiting.update(status=WebhookEvent.Status.IGNORED, reason=WebhookEvent.ERASED, processed_at=timezone.now())


def _hide_opt_outs(trail: Trail) -> int:
    """Put hashes in place of numbers that answered STOP, which has to hold without the number being known."""
    hidden = 0
    for row in trail.rows(OptOut):
        hidden += 1
        if OptOut.objects.filter(number=OptOut.hidden(row.number), sender=row.sender).exists():
            row.delete()
        else:
            OptOut.objects.filter(pk=row.pk).update(number=OptOut.hidden(row.number))
    return hidden


_SETTLED: Final[dict[type[Model], Callable[[QuerySet[Any]], None]]] = {
    Call: _settle_calls,
    BookingRequest: _settle_requests,
    FollowUp: _settle_follow_ups,
    Notification: _settle_messages,
    Question: _settle_questions,
    WaitingEntry: _settle_waiting,
    WebhookEvent: _settle_events,
}
_ALSO: Final[dict[type[Model], Callable[[], dict[str, Any]]]] = {
    Customer: lambda: {"erased_at": timezone.now(), "sms_consent_at": None},
    Call: lambda: {"erased_at": timezone.now(), "needs_review": False},
    Appointment: lambda: {"erased_at": timezone.now()},
}
