"""Work for a person."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from appointments.models.change import Change
from appointments.models.detail import Detail
from askpro.encryption import SealedTextField
from askpro.language.sentences import Facts, Sentence, tell
from calls.models import BookingRequest, Branch, Call, Company, Customer, Unclear


def reasons() -> list[tuple[str, Any]]:
    """The choices of `FollowUp.reason`, as a function so that a new one needs no migration."""
    return FollowUp.Reason.choices


def outcomes() -> list[tuple[str, Any]]:
    """The choices of `FollowUp.outcome`, as a function so that a new one needs no migration."""
    return FollowUp.Outcome.choices


class FollowUp(models.Model):
    """Work for a person (Rückruf): what was asked for, why no machine may decide, by when to call back."""

    class Reason(Sentence):
        SLOT_GONE = "slot_gone", _("The time is taken")
        UNCLEAR = "unclear", _("Date or time unclear")
        UNKNOWN_SERVICE = "unknown_service", _("Service unknown")
        NOT_BOOKABLE = "not_bookable", _("Not bookable by phone")
        UNKNOWN_BRANCH = "unknown_branch", _("Branch unclear")
        UNKNOWN_STAFF = "unknown_staff", _("Staff wish unclear")
        INCOMPLETE = "incomplete", _("Request incomplete")
        TOO_SOON = "too_soon", _("Too soon or in the past")
        REFUSED = "refused", _("Cal.com refused it")
        MISMATCH = "mismatch", _("Cal.com booked something else")
        NO_ANSWER = "no_answer", _("The host has not answered")
        OTHER_TIME = "other_time", _("The host wants another time")
        NOT_NOTED = "not_noted", _("Not noted at Cal.com")
        NOT_CANCELLED = "not_cancelled", _("Not cancelled at Cal.com")
        PROVIDER_DOWN = "provider_down", _("Cal.com is down")
        CALLBACK = "callback", _("Caller asked for a call back")
        WANTS_MOVE = "wants_move", _("Caller wants to move an appointment")
        WANTS_CANCEL = "wants_cancel", _("Caller wants to cancel an appointment")
        CONTRADICTION = "contradiction", _("What was said contradicts itself")
        PERHAPS_BOOKED = "perhaps_booked", _("Perhaps booked already")
        LOST_CALL = "lost_call", _("Call lost")
        REVIEW = "review", _("Call needs a look")
        JOB_DEAD = "job_dead", _("A job gave up")
        UNTOLD = "untold", _("Customer not told")
        TEXT_UNUSABLE = "text_unusable", _("A message text does not work")

        @property
        def topic(self) -> str:
            """What it is about; each wish has at most one open follow-up on each topic."""
            return WISH if self in STRENGTH else self.value

    class Status(models.TextChoices):
        OPEN = "open", _("Waits for a person")
        DONE = "done", _("Done by a person")
        OBSOLETE = "obsolete", _("Settled by itself")

    class Outcome(Sentence):
        """What came of it, as the person who dealt with it says."""

        BOOKED = "booked", _("Reached, and booked or changed")
        NOT_WANTED = "not_wanted", _("Reached, wants nothing any more")
        NOT_REACHED = "not_reached", _("Not reached, several times")
        WRONG_NUMBER = "wrong_number", _("Wrong number")
        ELSEWHERE = "elsewhere", _("Done elsewhere")
        OTHER = "other", _("Something else, see the note")

    # For queries, as `deadline`.
    DEADLINE = Coalesce("again_at", "due_at")

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="follow_ups")
    branch = models.ForeignKey(
        Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups"
    )
    call = models.ForeignKey(
        Call, verbose_name=_("call"), on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups"
    )
    booking_request = models.ForeignKey(
        BookingRequest,
        verbose_name=_("booking request"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
    )
    appointment = models.ForeignKey(
        Appointment,
        verbose_name=_("appointment"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
    )
    customer = models.ForeignKey(
        Customer,
        verbose_name=_("customer"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="follow_ups",
    )
    reason = models.CharField(_("reason"), max_length=24, choices=reasons)
    topic = models.CharField(_("topic"), max_length=32, blank=True, default="", editable=False)
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.OPEN)
    words = SealedTextField(
        _("caller's words"), blank=True, default="", help_text=_("What the caller said, word for word.")
    )
    detail = models.CharField(
        _("detail"), max_length=40, blank=True, default="", help_text=_("Why it was not done automatically, as a code.")
    )
    detail_facts = models.JSONField(_("facts of the detail"), default=dict, blank=True, editable=False)
    alternatives = models.JSONField(
        _("other free times"), default=list, blank=True, help_text=_("Free times (UTC) when this was opened.")
    )
    due_at = models.DateTimeField(_("due at"), help_text=_("The caller was promised a call by then."))
    again_at = models.DateTimeField(
        _("try again"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When to call again a person who was not reached."),
    )
    assignee = models.ForeignKey(
        "auth.User",
        verbose_name=_("assigned to"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    assigned_by = models.ForeignKey(
        "auth.User",
        verbose_name=_("assigned by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True, editable=False)
    booking = models.OneToOneField(
        BookingRequest,
        verbose_name=_("booking of a free time"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="books_for",
        help_text=_("The request by which a person books one of the free times."),
    )
    round = models.PositiveSmallIntegerField(
        _("round"), default=0, db_default=0, editable=False, help_text=_("Times the deadlines have started again.")
    )
    next_step = models.PositiveSmallIntegerField(
        _("next deadline"),
        default=1,
        db_default=1,
        editable=False,
        help_text=_("The deadline that comes next; above the last: none."),
    )
    next_step_at = models.DateTimeField(
        _("time of the next deadline"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When that is; empty: not calculated yet."),
    )
    resolved_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        "auth.User",
        verbose_name=_("settled by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    outcome = models.CharField(
        _("outcome"), max_length=16, blank=True, default="", db_default="", choices=outcomes, editable=False
    )
    note = SealedTextField(_("note"), blank=True, default="", help_text=_("What the person did."))
    settled_by = models.CharField(_("settled because"), max_length=40, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(
                "booking_request",
                "topic",
                condition=Q(status="open", booking_request__isnull=False) & ~Q(topic=""),
                name="follow_up_topic_of_request",
            ),
            models.UniqueConstraint(
                "appointment",
                "topic",
                condition=Q(status="open", appointment__isnull=False) & ~Q(topic=""),
                name="follow_up_topic_of_appointment",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "due_at"], condition=Q(status="open"), name="follow_up_due"),
            models.Index(fields=["next_step_at"], condition=Q(status="open"), name="follow_up_next_step"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.company.name})"

    def title(self, language: str = "") -> str:
        """The reason, in the company's language or another."""
        return self.Reason(self.reason).tell(language=language or self.company.language)

    def told(self, language: str = "") -> str:
        """The detail, in the company's language or another; empty where nothing more is known."""
        return tell(self.detail, self.detail_facts, language or self.company.language, Detail, Unclear)

    def note_told(self, language: str = "") -> str:
        """What the person did, or why no person had to."""
        return self.note or tell(self.settled_by, {}, language or self.company.language, Detail)

    def outcome_told(self, language: str = "") -> str:
        """What came of it, in the company's language or another; empty while it is open or settled by itself."""
        return tell(self.outcome, {}, language or self.company.language, self.Outcome)

    @property
    def deadline(self) -> datetime:
        """By when somebody has to act: as promised, or when to try again."""
        return self.again_at or self.due_at

    @property
    def number(self) -> str:
        """Where to call: the number that was said with the wish, else the customer's, else that of the call."""
        said = self.booking_request.contact_phone if self.booking_request else ""
        theirs = self.customer.sms_number if self.customer else ""
        return said or theirs or (self.call.from_number if self.call else "")

    @property
    def clock_starts_at(self) -> datetime:
        """Since when the deadlines count."""
        return self.again_at or self.created_at

    def assign(self, to: Any, by: Any) -> bool:
        """Give it to somebody, or to nobody (None); False if it is settled, or theirs already."""
        whose = Q(assignee=to) if to is not None else Q(assignee=None)
        return self._move(~whose, assignee=to, assigned_by=by, assigned_at=timezone.now())

    def try_again(self, at: datetime) -> bool:
        """Nobody was reached: the deadlines begin anew at this moment; False if it is settled, or begins there now."""
        anew = {"round": F("round") + 1, "next_step": 1, "next_step_at": None}
        return self._move(Q(again_at=None) | ~Q(again_at=at), again_at=at, **anew)

    def plan(self, step: int, at: datetime | None) -> bool:
        """Note which deadline comes next, and when (None: none does); False if something else was noted meanwhile."""
        expected = Q(round=self.round, next_step=self.next_step, next_step_at=self.next_step_at)
        return self._move(expected, next_step=step, next_step_at=at)

    def book_by(self, request: BookingRequest) -> bool:
        """Note the request by which a person books it; False if it is settled, or another was noted meanwhile."""
        return self._move(Q(booking=self.booking_id), booking=request)

    def renew(self, detail: Detail | Unclear, facts: Facts | None, alternatives: Sequence[datetime]) -> bool:
        """Say anew why it is open and which times are free; it stays whose it is, with its deadlines."""
        times = [slot.isoformat() for slot in alternatives]
        return self._move(Q(), detail=detail, detail_facts=detail.checked(facts), alternatives=times)

    @property
    def is_being_booked(self) -> bool:
        """Whether staff have pressed one of its times, and a job goes on."""
        return self.booking is not None and self.booking.status == BookingRequest.Status.OPEN

    def resolve(self, user: Any, note: str = "", outcome: Outcome = Outcome.OTHER) -> bool:
        """A person has dealt with it; False if it was settled before.

        This also closes the request or the wanted change for good: a job that still tries finds it closed and stops, so
        that one wish never becomes two appointments.
        """
        with transaction.atomic():
            # Appointment and request are locked before their follow-ups, as where a booking is mirrored.
            if self.topic == CHANGE and self.appointment_id is not None:
                Appointment.objects.select_for_update(no_key=True).get(pk=self.appointment_id)
            requests = [each for each in (self.booking_request, self.booking) if each is not None]
            keys = sorted(each.pk for each in requests)
            list(BookingRequest.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
            if not self._settle(self.Status.DONE, resolved_by=user, note=note, outcome=outcome):
                return False
            for request in requests:
                request.close(BookingRequest.Status.FOLLOW_UP)
            if self.topic == CHANGE and self.appointment is not None:
                for change in self.appointment.changes.filter(state=Change.State.WAITING):
                    change.end(Change.State.REFUSED, Detail.TAKEN_OVER)
        return True

    def succeed(self, user: Any, why: Detail) -> bool:
        """What this person had booked or changed from here is carried out; False if it was settled before."""
        values = {"outcome": self.Outcome.BOOKED, "settled_by": why}
        return self._settle(self.Status.DONE, resolved_by=user, **values)

    def make_obsolete(self, why: Detail) -> bool:
        """It is no longer needed; False if a person has dealt with it first."""
        return self._settle(self.Status.OBSOLETE, settled_by=why)

    @classmethod
    def open_once(cls, *, reason: Reason, topic: str = "", **values: Any) -> tuple["FollowUp", bool]:
        """The open follow-up on this topic of the wish or appointment, and whether it was opened now.

        A reason that is already open opens no second one, and a weaker reason opens none; a stronger one replaces it.
        The caller holds the lock of the wish's or the appointment's row, so that no other is opened meanwhile.
        """
        topic = topic or reason.topic
        subjects = {name: values[name] for name in ("booking_request", "appointment") if values.get(name)}
        same_subject = reduce(or_, (Q(**{name: row}) for name, row in subjects.items()))
        for known in cls.objects.filter(same_subject, topic=topic, status=cls.Status.OPEN):
            if known.reason == reason or STRENGTH.get(known.reason, 0) > STRENGTH.get(reason, 0):
                return known, False
            known.make_obsolete(Detail.REPLACED)
        return cls.objects.create(reason=reason, topic=topic, **values), True

    def _settle(self, status: Status, **values: Any) -> bool:
        return self._move(Q(), **values, status=status, resolved_at=timezone.now())

    def _move(self, expected: Q, **values: Any) -> bool:
        """Change an open follow-up; False if it is not, or not as expected."""
        if FollowUp.objects.filter(expected, pk=self.pk, status=self.Status.OPEN).update(**values) == 0:
            return False
        self.refresh_from_db(fields=list(values))
        return True


# The topic of what a person is asked about a wanted change; an appointment has one such change at a time.
CHANGE: Final = "change"
# The topic of all reasons that keep a wish from being booked, and their strength: a job that still tries is weaker than
# one that gave up, and that is weaker than a decision for a person. Among equally strong ones the newer counts.
WISH: Final = "wish"
STRENGTH: Final[dict[str, int]] = {
    FollowUp.Reason.PROVIDER_DOWN: 1,
    FollowUp.Reason.JOB_DEAD: 2,
    **dict.fromkeys(
        (
            FollowUp.Reason.SLOT_GONE,
            FollowUp.Reason.UNCLEAR,
            FollowUp.Reason.UNKNOWN_SERVICE,
            FollowUp.Reason.NOT_BOOKABLE,
            FollowUp.Reason.INCOMPLETE,
            FollowUp.Reason.TOO_SOON,
            FollowUp.Reason.REFUSED,
            FollowUp.Reason.NO_ANSWER,
            FollowUp.Reason.CALLBACK,
        ),
        3,
    ),
}
