"""Work for a person."""

from functools import reduce
from operator import or_
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from appointments.models.change import Change
from appointments.models.detail import Detail
from askpro.language.sentences import Sentence, tell
from calls.models import BookingRequest, Branch, Call, Company, Customer, Unclear


def reasons() -> list[tuple[str, Any]]:
    """The choices of `FollowUp.reason`, as a function so that a new one needs no migration."""
    return FollowUp.Reason.choices


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

        @property
        def topic(self) -> str:
            """What it is about; each wish has at most one open follow-up on each topic."""
            return WISH if self in STRENGTH else self.value

    class Status(models.TextChoices):
        OPEN = "open", "Waits for a person"
        DONE = "done", "Done by a person"
        OBSOLETE = "obsolete", "Settled by itself"

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="follow_ups")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups")
    booking_request = models.ForeignKey(
        BookingRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups"
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups"
    )
    customer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="follow_ups")
    reason = models.CharField(max_length=24, choices=reasons)
    topic = models.CharField(max_length=32, blank=True, default="", editable=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    words = models.TextField(blank=True, default="", help_text="What the caller said, word for word.")
    detail = models.CharField(max_length=40, blank=True, default="", help_text="Why no machine did it, as a code.")
    detail_facts = models.JSONField(default=dict, blank=True, editable=False)
    alternatives = models.JSONField(default=list, blank=True, help_text="Free times (UTC) when this was opened.")
    due_at = models.DateTimeField(help_text="Call back by then.")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    note = models.TextField(blank=True, default="", help_text="What the person did.")
    settled_by = models.CharField(max_length=40, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
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
        indexes = [models.Index(fields=["company", "due_at"], condition=Q(status="open"), name="follow_up_due")]

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

    def resolve(self, user: Any, note: str = "") -> bool:
        """A person has dealt with it; False if it was settled before.

        This also closes the request or the wanted change for good: a job that still tries finds it closed and stops, so
        that one wish never becomes two appointments.
        """
        with transaction.atomic():
            # Appointment and request are locked before their follow-ups, as where a booking is mirrored.
            if self.topic == CHANGE and self.appointment_id is not None:
                Appointment.objects.select_for_update(no_key=True).get(pk=self.appointment_id)
            request = self.booking_request
            if request is not None:
                BookingRequest.objects.select_for_update().get(pk=request.pk)
            if not self._settle(self.Status.DONE, resolved_by=user, note=note):
                return False
            if request is not None:
                request.close(BookingRequest.Status.FOLLOW_UP)
            if self.topic == CHANGE and self.appointment is not None:
                for change in self.appointment.changes.filter(state=Change.State.WAITING):
                    change.end(Change.State.REFUSED, Detail.TAKEN_OVER)
        return True

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
        values |= {"status": status, "resolved_at": timezone.now()}
        if FollowUp.objects.filter(pk=self.pk, status=self.Status.OPEN).update(**values) == 0:
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
