"""Whether the rows of calls add up: each was heard to its end, read once, and came to what its rows say."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments.models import Appointment, Change, FollowUp
from appointments.sweepers import BOOKING_ACTORS
from askpro import sweeping
from askpro.commands.balance import Span, rule
from calls import lost
from calls.models import BookingRequest, Call
from calls.sweepers import READERS, UNREAD
from webhooks.models import Provider, WebhookEvent

Outcome = Call.Outcome

# A call without an end is asked for, and given up after a day whatever Retell says.
OVER_AFTER: Final = timedelta(hours=25)
TOLD: Final = ("call_started", "call_ended", "call_analyzed")
STANDING: Final = (Appointment.Status.REQUESTED, Appointment.Status.CONFIRMED)


def totals(span: Span) -> dict[str, int]:
    """How many calls there are, and what became of them; the parts add up to the whole."""
    calls = span.of(Call.objects.all())
    counted = calls.exclude(status=Call.Status.LOST).values("outcome").annotate(times=Count("pk")).order_by()
    outcomes = dict(counted.values_list("outcome", "times"))
    parts = {outcome.value: outcomes.get(outcome.value, 0) for outcome in Outcome}
    return {"calls": calls.count(), **parts, "lost": calls.filter(status=Call.Status.LOST).count()}


@rule(
    "event",
    expected="a call {row.subject}",
    found="the event is processed, and its company has no such call",
    advice="replay_webhooks --id {row.pk} --status processed --force",
)
def a_processed_event_has_its_call(span: Span) -> QuerySet[WebhookEvent]:
    calls = Call.objects.filter(retell_call_id=OuterRef("subject"), company=OuterRef("company"))
    events = WebhookEvent.objects.filter(provider=Provider.RETELL, event_type__in=TOLD, company__isnull=False)
    processed = events.filter(status=WebhookEvent.Status.PROCESSED)
    return span.of(processed, "received_at").filter(~Exists(calls))


@rule(
    "call",
    expected="an end, or lost",
    found="nobody has reported its end for more than a day",
    advice="sync_retell --call {row.retell_call_id}",
)
def a_call_ends(span: Span) -> QuerySet[Call]:
    return span.of(lost.overdue(timezone.now() - OVER_AFTER))


@rule(
    "call",
    expected="a job that reads what was said, or a person who listens to it",
    found="it has ended, and neither is there",
    advice="queues_run sends the job within five minutes; else replay_webhooks --call {row.retell_call_id} "
    "--status processed --force",
)
def an_ended_call_is_read(span: Span) -> QuerySet[Call]:
    unread = Call.objects.filter(extracted_at=None, end_heard_at__isnull=False, outcome__in=UNREAD)
    with_person = FollowUp.objects.filter(call=OuterRef("pk"), booking_request=None, reason=FollowUp.Reason.JOB_DEAD)
    return sweeping.without_job(span.of(unread).filter(~Exists(with_person)), sweeping.tag("call"), READERS)


@rule(
    "call",
    expected="an outcome",
    found="it was read, none of its requests is open, and it has none",
    advice="book_from_call {row.pk} --dry-run shows its requests; a person has to decide",
)
def a_read_call_has_an_outcome(span: Span) -> QuerySet[Call]:
    still_open = BookingRequest.objects.filter(call=OuterRef("pk"), status=BookingRequest.Status.OPEN)
    read = Call.objects.filter(outcome=Outcome.PENDING, extracted_at__isnull=False)
    return sweeping.without_job(span.of(read).filter(~Exists(still_open)), sweeping.tag("call"), BOOKING_ACTORS)


@rule(
    "call",
    expected="a booking, ours or the agent's own",
    found="its outcome is booked, and there is none",
    advice="sync_calcom --company {company} --now, then balance again; else a person calls back",
)
def a_booked_call_has_its_booking(span: Span) -> Iterable[Call]:
    ours = Appointment.objects.filter(calcom_uid__isnull=False)
    by_call = ours.filter(Q(call=OuterRef("pk")) | Q(booking_request__call=OuterRef("pk")))
    booked = span.of(Call.objects.filter(outcome=Outcome.BOOKED))
    # One of the agent's own functions did something, which may have been the booking. What is sealed is read here.
    return (call for call in booked.filter(~Exists(by_call)) if not any(tool.successful for tool in call.tool_calls))


@rule(
    "call",
    expected="a follow-up",
    found="its outcome is that a person follows up, and nobody was asked",
    advice="call back; book_from_call {row.pk} --dry-run shows what was asked for",
)
def a_followed_up_call_has_its_follow_up(span: Span) -> QuerySet[Call]:
    asked = FollowUp.objects.filter(Q(call=OuterRef("pk")) | Q(booking_request__call=OuterRef("pk")))
    calls = Call.objects.filter(outcome=Outcome.FOLLOW_UP).exclude(status=Call.Status.LOST)
    return span.of(calls).filter(~Exists(asked))


@rule(
    "call",
    expected="a change",
    found="its outcome is that an appointment was cancelled or moved, and no change is of this call",
    advice="look at the caller's appointments and call back",
)
def a_changed_call_has_its_change(span: Span) -> QuerySet[Call]:
    changes = Change.objects.filter(call=OuterRef("pk"))
    return span.of(Call.objects.filter(outcome=Outcome.CHANGED)).filter(~Exists(changes))


@rule(
    "call",
    expected="no open or booked request, and no appointment",
    found="its outcome says that nothing was asked for",
    advice="look at the call and correct what is wrong: book_from_call {row.pk}, or cancel_appointment",
)
def a_call_without_request_has_none(span: Span) -> QuerySet[Call]:
    asked = (BookingRequest.Status.OPEN, BookingRequest.Status.BOOKED)
    requests = BookingRequest.objects.filter(call=OuterRef("pk"), status__in=asked)
    appointments = Appointment.objects.filter(call=OuterRef("pk"), status__in=STANDING)
    calls = span.of(Call.objects.filter(outcome__in=(Outcome.NO_REQUEST, Outcome.NOT_CONNECTED)))
    return calls.filter(Exists(requests) | Exists(appointments))


@rule(
    "call",
    expected="a follow-up",
    found="it is lost, and nobody was asked to call back",
    advice="call back",
)
def a_lost_call_has_its_follow_up(span: Span) -> QuerySet[Call]:
    asked = FollowUp.objects.filter(call=OuterRef("pk"), reason=FollowUp.Reason.LOST_CALL)
    return span.of(Call.objects.filter(status=Call.Status.LOST)).filter(~Exists(asked))


RULES: Final = (
    a_processed_event_has_its_call,
    a_call_ends,
    an_ended_call_is_read,
    a_read_call_has_an_outcome,
    a_booked_call_has_its_booking,
    a_followed_up_call_has_its_follow_up,
    a_changed_call_has_its_change,
    a_call_without_request_has_none,
    a_lost_call_has_its_follow_up,
)
