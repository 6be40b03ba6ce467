"""Reminders as rows that are due: one for each appointment, start and kind."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from askpro.language.sentences import tell
from calls.models import Company
from notifications.why import Why


class Reminder(models.Model):
    """One reminder of an appointment at one start. It waits as a row until a scheduled job finds it due.

    A message is written once for each row: a start that is left and taken again is not reminded of twice.
    """

    class Kind(models.TextChoices):
        """Also the kinds of the messages."""

        FIRST = "reminder", _("Reminder")
        LAST = "last_reminder", _("Last reminder")

    class State(models.TextChoices):
        DUE = "due", _("Waits for its time")
        SENT = "sent", _("Message written")
        SKIPPED = "skipped", _("Not sent on purpose")
        VOID = "void", _("No longer needed")

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(
        Appointment, verbose_name=_("appointment"), on_delete=models.CASCADE, related_name="reminders"
    )
    notification = models.OneToOneField(
        "notifications.Notification",
        verbose_name=_("message"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    starts_at = models.DateTimeField(_("begins"), help_text=_("The start that it reminds of."))
    minutes = models.PositiveIntegerField(
        _("minutes before"), help_text=_("How long before the start, as set when it was planned.")
    )
    due_at = models.DateTimeField(_("due at"), help_text=_("Sent from then on, or when the quiet hours end."))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DUE)
    reason = models.CharField(
        _("reason"), max_length=40, blank=True, default="", help_text=_("Why it is not sent, as a code.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["due_at"]
        constraints = [models.UniqueConstraint("appointment", "starts_at", "kind", name="reminder_once")]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="due"), name="reminder_due")]

    def __str__(self) -> str:
        return _("Reminder %(id)s") % {"id": self.pk}

    def told(self, language: str = "") -> str:
        """Why it is not sent, in the company's language or another; empty where it was, or still waits."""
        return tell(self.reason, {}, language or self.company.language, Why)

    def plan(self, due_at: datetime, minutes: int) -> bool:
        """Let it wait until `due_at`, also one that was not needed any more; False if its message was written."""
        expected = Q(state__in=[self.State.DUE, self.State.VOID])
        return self._move(
            expected, state=self.State.DUE, due_at=due_at, minutes=minutes, reason="", notification=None, ended_at=None
        )

    def postpone(self, until: datetime) -> bool:
        """Let it wait for the end of the quiet hours."""
        return self._move(Q(state=self.State.DUE), due_at=until)

    def send(self, message: models.Model) -> bool:
        """Its message is written, in the same transaction; False if it no longer waited."""
        return self._end(self.State.SENT, notification=message)

    def skip(self, why: Why) -> bool:
        """It will not be sent."""
        return self._end(self.State.SKIPPED, reason=why)

    def void(self, why: Why) -> bool:
        """It is no longer needed; a change may need it again."""
        return self._end(self.State.VOID, reason=why)

    def _end(self, state: "Reminder.State", **values: Any) -> bool:
        return self._move(Q(state=self.State.DUE), state=state, ended_at=timezone.now(), **values)

    def _move(self, expected: Q, **values: Any) -> bool:
        if Reminder.objects.filter(expected, pk=self.pk).update(**values) == 0:
            return False
        self.refresh_from_db(fields=[*values])
        return True
