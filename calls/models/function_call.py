"""What a voice agent asked for while the caller was on the line, and what it was answered."""

from datetime import datetime, timedelta
from typing import Any, Final, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.encryption import SealedJSONField
from calls.models.booking_request import BookingRequest
from calls.models.call import Call

# Longer than any function may take: one that is still being worked on after that was left by a process that died.
LEFT_AFTER: Final = timedelta(seconds=15)


class FunctionCall(models.Model):
    """One request of an agent's function. The same function, arguments and place in the conversation are one row, so
    that what Retell asks again is answered the same; `key` is a digest of the three, and no argument is stored.
    """

    class Outcome(models.TextChoices):
        """What came of it. The first group has settled a wish, so that the work after the call only completes it."""

        BOOKED = "booked", _("Booked")
        REQUESTED = "requested", _("Waits for the host's yes")
        PENDING = "pending", _("A job completes it")
        CANCELLED = "cancelled", _("Cancelled")
        MOVED = "moved", _("Moved")
        CALLBACK = "callback", _("Will be called back")
        HANDED_OVER = "handed_over", _("A person follows up")

        GONE = "gone", _("The time was taken")
        TOLD = "told", _("Answered")
        ASKED = "asked", _("Asked back")
        NOT_DONE = "not_done", _("Not done")

    SETTLED = (
        Outcome.BOOKED,
        Outcome.REQUESTED,
        Outcome.PENDING,
        Outcome.CANCELLED,
        Outcome.MOVED,
        Outcome.CALLBACK,
        Outcome.HANDED_OVER,
    )

    call = models.ForeignKey(Call, verbose_name=_("call"), on_delete=models.CASCADE, related_name="function_calls")
    name = models.CharField(_("function"), max_length=40)
    key = models.CharField(_("key"), max_length=64, editable=False)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices, blank=True, default="")
    starts_at = models.DateTimeField(
        _("begins"), null=True, blank=True, help_text=_("When the appointment it is about begins.")
    )
    booking_request = models.ForeignKey(
        BookingRequest,
        verbose_name=_("booking request"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="function_calls",
    )
    answer = SealedJSONField(_("answer"), default=dict, blank=True, help_text=_("Empty: still being worked on."))
    repeats = models.PositiveIntegerField(_("repeats"), default=0, help_text=_("Times it was asked again."))
    taken_at = models.DateTimeField(
        _("begun at"), editable=False, help_text=_("When the process that works on it began.")
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("question of the agent")
        verbose_name_plural = _("questions of the agent")
        ordering = ["id"]
        constraints = [models.UniqueConstraint("call", "key", name="function_call_once")]
        indexes = [models.Index(fields=["created_at"], name="function_call_age")]

    def __str__(self) -> str:
        return _("%(function)s in call %(id)s") % {"function": self.name, "id": self.call_id}

    @classmethod
    def take(cls, call: Call, name: str, key: str) -> tuple[Self, bool]:
        """The row of this request, and whether the caller of this method is the one that works on it.

        It is not while another process does; one that has died is replaced after `LEFT_AFTER`.
        """
        now = timezone.now()
        values = {"name": name, "taken_at": now}
        row, is_new = cls.objects.get_or_create(call=call, key=key, defaults=values)
        if is_new:
            return row, True
        cls.objects.filter(pk=row.pk).update(repeats=models.F("repeats") + 1)
        left = cls.objects.filter(pk=row.pk, answered_at=None, taken_at__lt=now - LEFT_AFTER)
        taken = left.update(taken_at=now) == 1
        row.refresh_from_db()
        return row, taken

    def finish(
        self, answer: dict[str, Any], outcome: str, starts_at: datetime | None, request: BookingRequest | None
    ) -> bool:
        """Write what it was answered; False if another process, which took it over, was first."""
        rows = FunctionCall.objects.filter(pk=self.pk, answered_at=None)
        values = {"answer": answer, "outcome": outcome, "starts_at": starts_at, "booking_request": request}
        return rows.update(**values, answered_at=timezone.now()) == 1

    def leave(self) -> None:
        """Forget the request: it failed before anything was decided, and may be asked again."""
        FunctionCall.objects.filter(pk=self.pk, answered_at=None).delete()

    @classmethod
    def settled(cls, call: Call) -> "models.QuerySet[FunctionCall]":
        """What was settled while the caller was on the line, or found taken, in order."""
        return FunctionCall.objects.filter(Q(outcome__in=cls.SETTLED) | Q(outcome=cls.Outcome.GONE), call=call)
