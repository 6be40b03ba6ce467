"""Changes of appointments: what is wanted, and what was done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from appointments.models.detail import Detail
from askpro.language.sentences import Facts, tell
from calls.models import Call, Company


class Change(models.Model):
    """One change of an appointment, wanted or done: it is cancelled or moved, the host says yes or no, the customer
    came or did not. An appointment's changes are its history.

    The wish of a caller, of staff or of another system waits until Cal.com has carried it out. What Cal.com reports
    without a wish of ours was done there.
    """

    class Kind(models.TextChoices):
        CANCEL = "cancel", _("Cancelled")
        MOVE = "move", _("Moved")
        CONFIRM = "confirm", _("Host's yes")
        DECLINE = "decline", _("Host's no")
        NO_SHOW = "no_show", _("Did not come")
        CAME = "came", _("Came")

    class Channel(models.TextChoices):
        """Through whom it came."""

        PHONE = "phone", _("Caller, during the call")
        CALL = "call", _("Caller, read after the call")
        SMS = "sms", _("Customer, by SMS")
        API = "api", "API"
        PAGE = "page", _("Customer, on their page")
        CONSOLE = "console", _("Staff, in the console")
        CALCOM = "calcom", "Cal.com"

    class State(models.TextChoices):
        WAITING = "waiting", _("Wanted, not carried out yet")
        REQUESTED = "requested", _("Moved, waits for the host's yes")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Not done")
        REPLACED = "replaced", _("Another wish came after it")

    # What is said after the appointment has begun.
    ATTENDANCE = (Kind.NO_SHOW, Kind.CAME)
    # What changes when it takes place, or whether it does.
    OF_TIME = (Kind.CANCEL, Kind.MOVE)

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(
        Appointment, verbose_name=_("appointment"), on_delete=models.PROTECT, related_name="changes"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    call = models.ForeignKey(
        Call, verbose_name=_("call"), on_delete=models.SET_NULL, null=True, blank=True, related_name="changes"
    )
    user = models.ForeignKey(
        "auth.User", verbose_name=_("user"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(
        _("reason"), max_length=300, blank=True, default="", help_text=_("In the words of the person who wanted it.")
    )
    before = models.DateTimeField(_("before"), help_text=_("When the appointment was to begin before the change."))
    starts_at = models.DateTimeField(
        _("begins"), null=True, blank=True, help_text=_("The new time; empty when it is cancelled.")
    )
    asked_at = models.DateTimeField(
        _("asked at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When Cal.com was last asked for it; empty if that certainly had no effect."),
    )
    detail = models.CharField(
        _("detail"), max_length=40, blank=True, default="", help_text=_("Why it was not done, as a code.")
    )
    detail_facts = models.JSONField(_("facts of the detail"), default=dict, blank=True, editable=False)
    alternatives = models.JSONField(
        _("other free times"), default=list, blank=True, help_text=_("Free times (UTC) when it was refused.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("change of an appointment")
        verbose_name_plural = _("changes of appointments")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint("appointment", condition=Q(state="waiting"), name="change_waits_once"),
            models.CheckConstraint(
                condition=Q(kind="move", starts_at__isnull=False) | ~Q(kind="move") & Q(starts_at__isnull=True),
                name="change_has_time_if_move",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(state="waiting"), name="change_waiting")]

    def __str__(self) -> str:
        return _("Change %(id)s") % {"id": self.pk}

    def told(self, language: str = "") -> str:
        """Why it was not done, in the company's language or another; empty where it was, or still may be."""
        return tell(self.detail, self.detail_facts, language or self.company.language, Detail)

    @property
    def is_from_calcom(self) -> bool:
        return self.channel == self.Channel.CALCOM

    def note_request(self, at: datetime | None) -> bool:
        """Note when Cal.com is asked for it, None if the request has certainly not reached it; False if it ended."""
        return self._move(Q(state=self.State.WAITING), asked_at=at)

    def end(
        self,
        state: "Change.State",
        why: Detail | None = None,
        facts: Facts | None = None,
        alternatives: Sequence[datetime] = (),
    ) -> bool:
        """Say how it ended; False when that was known. A wish that another one replaced may have been carried out."""
        expected = [self.State.WAITING, self.State.REQUESTED]
        if state in (self.State.DONE, self.State.REQUESTED):
            expected.append(self.State.REPLACED)
        return self._move(
            Q(state__in=expected) & ~Q(state=state),
            state=state,
            detail=why or "",
            detail_facts=why.checked(facts) if why else {},
            alternatives=[slot.isoformat() for slot in alternatives],
            ended_at=timezone.now(),
        )

    def _move(self, expected: Q, **values: Any) -> bool:
        if Change.objects.filter(expected, pk=self.pk).update(**values) == 0:
            return False
        self.refresh_from_db(fields=[*values])
        return True
