"""Times that became free again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Optional
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from askpro.language.sentences import Sentence, tell
from calls.models import Branch, Company, Service, Staff


class Ending(Sentence):
    """Why a freed time is offered to nobody any more, without having been booked again."""

    NOBODY = "nobody", _("Nobody is left whom it would suit.")
    TOO_NEAR = "too_near", _("It begins too soon for another offer.")
    TAKEN = "taken", _("Somebody else has it.")
    NOT_FREE = "not_free", _("Cal.com does not offer it.")
    SWITCHED_OFF = "switched_off", _("The company no longer offers freed times.")
    NO_SMS = "no_sms", _("The company sends no SMS.")
    NO_SERVICE = "no_service", _("The service cannot be booked without a person.")
    HANDED_OVER = "handed_over", _("Whoever accepted it is looked after by a person.")


class FreedTime(models.Model):
    """A time that an appointment has left, by a cancellation or a move: it is offered to one customer after another."""

    class State(models.TextChoices):
        OPEN = "open", _("Being offered, to one customer after the other")
        ACCEPTED = "accepted", _("Accepted, and being booked")
        BOOKED = "booked", _("Booked again")
        OVER = "over", _("No longer offered to anyone")

    LIVE = (State.OPEN, State.ACCEPTED)

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="freed_times"
    )
    appointment = models.ForeignKey(
        Appointment, verbose_name=_("appointment"), on_delete=models.PROTECT, related_name="freed_times"
    )
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, verbose_name=_("service"), on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(
        Staff, verbose_name=_("staff member"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    ending = models.CharField(
        _("why it was not booked"),
        max_length=24,
        blank=True,
        default="",
        help_text=_("Why it was not booked again, as a code."),
    )
    due_at = models.DateTimeField(
        _("next step"), default=timezone.now, help_text=_("When there is something to do next.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("freed time")
        verbose_name_plural = _("freed times")
        ordering = ["-id"]
        constraints = [
            # Cancelled, booked and cancelled again within moments: it is still offered once.
            models.UniqueConstraint(
                "service",
                "branch",
                "staff",
                "starts_at",
                condition=Q(state__in=["open", "accepted"]),
                nulls_distinct=False,
                name="freed_time_once",
            ),
            models.CheckConstraint(
                condition=Q(state="over") & ~Q(ending="") | ~Q(state="over") & Q(ending=""),
                name="freed_time_over_has_ending",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=["open", "accepted"]), name="freed_time_due"),
            models.Index(fields=["company", "-id"], name="freed_time_by_company"),
        ]

    def __str__(self) -> str:
        return f"{date_format(self.local, 'SHORT_DATETIME_FORMAT')}, {self.service}"

    @classmethod
    def hold(cls, pk: int) -> Optional["FreedTime"]:
        """The row, locked until the transaction ends, with what its offers need; None if it is gone.

        Whoever changes it or its offers holds it, so that an answer and a deadline never both count.
        """
        rows = cls.objects.select_for_update(of=("self",))
        return rows.select_related("company", "branch__company", "service__company", "staff").filter(pk=pk).first()

    @property
    def zone(self) -> ZoneInfo:
        return self.branch.zone

    @property
    def local(self) -> datetime:
        """Its begin by the clocks of its branch."""
        return self.starts_at.astimezone(self.zone)

    @property
    def certain_staff(self) -> Staff | None:
        """The only one who does this service; where several do, Cal.com chooses, and nobody may be named before."""
        hosts = list(self.service.staff.filter(is_active=True)[:2])
        return hosts[0] if len(hosts) == 1 else None

    def ending_told(self, language: str = "") -> str:
        """Why it is offered to nobody any more, in the company's language or another; empty while it is."""
        return tell(self.ending, {}, language or self.company.language, Ending)

    def wait_until(self, moment: datetime) -> bool:
        """There is nothing to do before `moment`."""
        return self._move(self.LIVE, due_at=moment)

    def accept(self) -> bool:
        """Somebody wants it; False if it is not offered any more."""
        return self._move([self.State.OPEN], state=self.State.ACCEPTED)

    def reopen(self, now: datetime) -> bool:
        """Whoever accepted it does not want it after all: it is offered to the next."""
        return self._move([self.State.ACCEPTED], state=self.State.OPEN, due_at=now)

    def note_booked(self) -> bool:
        return self._move([self.State.ACCEPTED], state=self.State.BOOKED, ended_at=timezone.now())

    def end(self, why: Ending) -> bool:
        """Offer it to nobody any more."""
        return self._move(self.LIVE, state=self.State.OVER, ending=why, ended_at=timezone.now())

    def _move(self, expected: Sequence[str], **values: Any) -> bool:
        if FreedTime.objects.filter(pk=self.pk, state__in=expected).update(**values) == 0:
            return False
        self.refresh_from_db(fields=[*values])
        return True
