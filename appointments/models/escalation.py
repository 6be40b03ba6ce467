"""Deadlines of follow-ups that have passed."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models.follow_up import FollowUp


class Escalation(models.Model):
    """A deadline of a follow-up passed, and somebody was told: each deadline once in each round of them."""

    class Step(models.IntegerChoices):
        WARNING = 1, _("Warning")
        LATE = 2, _("Late")
        OVERDUE = 3, _("Overdue")

    # In minutes of opening time since the follow-up was opened, or since somebody was to be tried again.
    MINUTES: Final = {Step.WARNING: 60, Step.LATE: 90, Step.OVERDUE: 120}

    follow_up = models.ForeignKey(
        FollowUp, verbose_name=_("follow-up"), on_delete=models.CASCADE, related_name="escalations"
    )
    round = models.PositiveSmallIntegerField(_("round"))
    step = models.PositiveSmallIntegerField(_("deadline"), choices=Step.choices)
    due_at = models.DateTimeField(_("due at"), help_text=_("When the deadline was."))
    told = models.EmailField(
        _("told"), blank=True, default="", help_text=_("Who was told; empty: no address is known.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("follow_up", "round", "step", name="escalation_once")]

    def __str__(self) -> str:
        return _("Escalation %(id)s") % {"id": self.pk}

    @property
    def version(self) -> int:
        """Tells its message from the others about this follow-up, of which the first has the version 1."""
        return 1 + self.round * len(self.Step) + self.step

    @classmethod
    def of_version(cls, version: int) -> tuple[int, Step] | None:
        """The round and the step that a message of this version is about; None for the first message."""
        if version <= 1:
            return None
        round_, step = divmod(version - 2, len(cls.Step))
        return round_, cls.Step(step + 1)
