"""Follow-ups as something to repair: what gave up behind them is tried again, or all of a kind are settled at once."""

from typing import Any, Final

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment, Change, FollowUp
from askpro.console import display
from askpro.console.permissions import May
from askpro.console.repair.counting import names_of
from askpro.console.repair.kinds import Already, Asked, Facet, Repairable, Verb, register
from askpro.console.repair.settled import Settled
from askpro.console.repair.settled import register as tell_settled
from askpro.queues import interventions
from askpro.queues.models import Job
from askpro.queues.states import FAILED_DAY, LIVE_DAY
from askpro.sweeping import tagged
from calls.models import BookingRequest, Call, Company

Status = FollowUp.Status
OPEN_REQUEST: Final = BookingRequest.Status.OPEN


def _tag(word: str, field: str) -> Concat:
    return Concat(Value(f"{word}:"), Cast(F(field), CharField()))


def _dead_jobs(*tags: Any) -> QuerySet[Job]:
    """The dead jobs of its request and of its call."""
    return tagged(*tags).filter(status=Job.Status.DEAD, day__in=(LIVE_DAY, FAILED_DAY))


def _booked(asked: Asked) -> Q:
    """Its wish has an appointment, or its customer got one for the same service later."""
    held = Appointment.objects.filter(status__in=(Appointment.Status.REQUESTED, *Appointment.AGREED))
    later = {"customer": OuterRef("customer"), "service": OuterRef("booking_request__service")}
    same_wish = held.filter(booking_request=OuterRef("booking_request"), calcom_uid__isnull=False)
    return Q(Exists(same_wish)) | Q(Exists(held.filter(**later, created_at__gt=OuterRef("created_at"))))


def _closed(asked: Asked) -> Q:
    return Q(booking_request__isnull=False) & ~Q(booking_request__status=OPEN_REQUEST)


def _retry(follow_up: FollowUp, asked: Asked) -> bool:
    named = {"request": follow_up.booking_request_id, "call": follow_up.call_id}
    tags = [f"{word}:{pk}" for word, pk in named.items() if pk is not None]
    dead = list(_dead_jobs(*tags).order_by("pk").values_list("pk", flat=True)) if tags else []
    return sum(map(interventions.retry, dead)) > 0


SETTLED: Final = Already("settled", _("It is settled."), lambda asked: ~Q(status=Status.OPEN))
RETRY: Final = Verb(
    name="retry",
    label=_("Try again"),
    icon="replay",
    explain=_(
        "The jobs that gave up for its call or request get one more run. A follow-up settles itself once it is booked."
    ),
    done="tried again",
    permission=May.RETRY,
    possible=Q(status=Status.OPEN) & Q(Exists(_dead_jobs(OuterRef("request_tag"), OuterRef("call_tag")))),
    run=_retry,
    otherwise=_("No job gave up for it."),
    already=(
        SETTLED,
        Already("booked", _("It was booked since, or a later appointment exists."), _booked),
        Already("closed", _("Its request was closed: a person decides."), _closed),
    ),
)
SETTLE: Final = Verb(
    name="settle",
    label=_("Settle"),
    icon="task_alt",
    explain=_(
        "Each is done, with your reason as its note, and nobody is asked to call back. Its request is closed for good."
    ),
    done="settled",
    permission="appointments.change_followup",
    possible=Q(status=Status.OPEN),
    run=lambda follow_up, asked: follow_up.resolve(asked.user, asked.reason),
    otherwise=_("It is settled."),
)


class FollowUpKind(Repairable):
    """Work for people."""

    name = "follow-ups"
    title = _("Follow-ups")
    noun = _("follow-ups")
    permission = "appointments.view_followup"
    model = FollowUp
    moment = "created_at"
    moment_label = _("Opened")
    facets = (
        Facet("state", _("State"), "status", lambda values: dict(Status.choices)),
        Facet("reason", _("Reason"), "reason", lambda values: {each: FollowUp.Reason(each).label for each in values}),
        Facet("company", _("Company"), "company_id", names_of(Company), is_number=True),
    )
    texts = ()
    verbs = (RETRY, SETTLE)
    heads = (_("Follow-up"), _("State"), _("Who"), _("Company"), _("Call back by"), _("Opened"))
    empty = _("No follow-up matches.")

    def rows(self) -> QuerySet[FollowUp]:
        light = FollowUp.objects.select_related("company", "customer").defer("words", "note", "company__calcom_api_key")
        return self._tagged(light)

    def find(self, key: str) -> QuerySet[FollowUp]:
        return self._tagged(FollowUp.objects.filter(pk=key))

    def cells(self, follow_up: FollowUp) -> list[Any]:
        return [
            self.named(follow_up),
            display.state(follow_up),
            display.person(follow_up.customer) if follow_up.customer else display.NOTHING,
            follow_up.company,
            display.brief(follow_up.deadline),
            display.brief(follow_up.created_at),
        ]

    def named(self, follow_up: FollowUp) -> Any:
        return display.link(follow_up, follow_up.get_reason_display())

    def _tagged(self, rows: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
        return rows.annotate(request_tag=_tag("request", "booking_request_id"), call_tag=_tag("call", "call_id"))


def _has_no_open_wish() -> Q:
    wishes = BookingRequest.objects.filter(call=OuterRef("pk"))
    return Q(Exists(wishes)) & ~Q(Exists(wishes.filter(status=OPEN_REQUEST)))


register(FollowUpKind())
tell_settled(
    Settled(
        code="request_closed",
        sentence=_("Its request was booked or closed since."),
        argument="request_id",
        model=BookingRequest,
        condition=lambda: ~Q(status=OPEN_REQUEST),
        actors=("create_appointment_from_request",),
    ),
    Settled(
        code="wishes_closed",
        sentence=_("What its caller wished for was booked or closed since."),
        argument="call_id",
        model=Call,
        condition=_has_no_open_wish,
        actors=("create_appointment_from_call",),
    ),
    Settled(
        code="change_ended",
        sentence=_("Its change was carried out, refused or replaced since."),
        argument="change_id",
        model=Change,
        condition=lambda: ~Q(state=Change.State.WAITING),
        actors=("carry_out_change",),
    ),
)
