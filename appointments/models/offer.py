"""Offers of freed times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.detail import Detail
from appointments.models.follow_up import FollowUp
from appointments.models.freed_time import FreedTime
from appointments.models.question import Question
from appointments.models.waiting_entry import WaitingEntry
from askpro.language.sentences import Facts, Sentence, tell
from calls.models import BookingRequest, Company, Customer, Unclear
from notifications.twilio.errors import Reaction
from notifications.why import Why


class Passed(Sentence):
    """Why a customer was passed over who is waiting for such a time. `Why` has the reasons why one gets no SMS."""

    ASKED_ELSE = "asked_else", _("Another question to this number was still open.")
    HAS_APPOINTMENT = "has_appointment", _("The customer has another appointment at that time.")
    NOT_SENT = "not_sent", _("The message could not be sent in time.")


class Offer(models.Model):
    """A freed time offered to one customer, with the answer; or why it was not offered to them."""

    class State(models.TextChoices):
        OPEN = "open", _("Waits for the customer's answer")
        ACCEPTED = "accepted", _("Accepted, and being booked")
        BOOKED = "booked", _("Accepted and booked")
        GONE = "gone", _("Accepted, but the time was taken")
        HANDED_OVER = "handed_over", _("Accepted, but a person has to book it")
        DECLINED = "declined", _("Not wanted")
        EXPIRED = "expired", _("Not answered in time")
        WITHDRAWN = "withdrawn", _("No longer offered")
        SKIPPED = "skipped", _("Passed over")

    LIVE = (State.OPEN, State.ACCEPTED)

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="offers")
    freed_time = models.ForeignKey(
        FreedTime, verbose_name=_("freed time"), on_delete=models.PROTECT, related_name="offers"
    )
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.SET_NULL, null=True, blank=True, related_name="offers"
    )
    follow_up = models.ForeignKey(
        FollowUp, verbose_name=_("follow-up"), on_delete=models.SET_NULL, null=True, blank=True, related_name="offers"
    )
    waiting_entry = models.ForeignKey(
        WaitingEntry,
        verbose_name=_("entry on the waiting list"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="offers",
    )
    question = models.OneToOneField(
        Question, verbose_name=_("question"), on_delete=models.SET_NULL, null=True, blank=True, related_name="offer"
    )
    booking_request = models.OneToOneField(
        BookingRequest,
        verbose_name=_("booking request"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="offer",
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    why = models.CharField(
        _("why it was passed over"),
        max_length=40,
        blank=True,
        default="",
        help_text=_("Why it was passed over, as a code."),
    )
    why_facts = models.JSONField(_("facts of the reason"), default=dict, blank=True, editable=False)
    ends_at = models.DateTimeField(
        _("ends"), null=True, blank=True, help_text=_("An answer counts until then; empty if nobody was asked.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("offer of a freed time")
        verbose_name_plural = _("offers of freed times")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                "freed_time", condition=Q(state__in=["open", "accepted"]), name="offer_to_one_after_another"
            ),
            models.CheckConstraint(condition=Q(state="skipped") | Q(ends_at__isnull=False), name="offer_has_deadline"),
        ]

    def __str__(self) -> str:
        return _("Offer %(id)s") % {"id": self.pk}

    @property
    def can_be_answered(self) -> bool:
        """Whether a yes would count now."""
        is_open = self.state == self.State.OPEN and self.question is not None and self.question.is_open
        return is_open and self.still_waits

    @property
    def latest_sending(self) -> datetime:
        """Who gets the message later would have less than half of the time to answer."""
        assert self.ends_at is not None  # by constraint
        return self.created_at + (self.ends_at - self.created_at) / 2

    @property
    def still_waits(self) -> bool:
        """Whether its customer waits for such a time as before: no person, and no booking, has settled that."""
        asked = self.follow_up
        by_follow_up = asked is not None and asked.status == FollowUp.Status.OPEN and not asked.is_being_booked
        return by_follow_up or (
            self.waiting_entry is not None and self.waiting_entry.state == WaitingEntry.State.WAITING
        )

    def why_told(self, language: str = "") -> str:
        """Why it was passed over, in the company's language or another; empty if it was not."""
        kinds = (Passed, Why, Reaction, Detail, Unclear)
        return tell(self.why, self.why_facts, language or self.company.language, *kinds)

    def accept(self, request: BookingRequest) -> bool:
        """The customer wants it, and `request` books it; False if the offer had ended."""
        return self._move(
            [self.State.OPEN], state=self.State.ACCEPTED, booking_request=request, answered_at=timezone.now()
        )

    def decline(self) -> bool:
        """The customer does not want it, or no longer."""
        return self._move(self.LIVE, state=self.State.DECLINED, answered_at=timezone.now())

    def expire(self) -> bool:
        return self._move([self.State.OPEN], state=self.State.EXPIRED)

    def withdraw(self) -> bool:
        """It is no longer offered, although its customer could still have answered."""
        return self._move([self.State.OPEN], state=self.State.WITHDRAWN)

    def skip(self, why: str, facts: Facts) -> bool:
        """The customer was not asked after all."""
        return self._move([self.State.OPEN], state=self.State.SKIPPED, why=why, why_facts=facts)

    def end(self, state: "Offer.State") -> bool:
        """Note what became of an accepted one."""
        return self._move([self.State.ACCEPTED], state=state)

    def _move(self, expected: Sequence[str], **values: Any) -> bool:
        if Offer.objects.filter(pk=self.pk, state__in=expected).update(**values) == 0:
            return False
        self.refresh_from_db(fields=[*values])
        return True
