"""How far the calls of Retell's accounts were read."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webhooks.models.address import WebhookAddress


class RetellReading(models.Model):
    """One account at Retell, known by the fingerprint of a key, and how far its calls were read: the next reading
    continues from there. Two keys of one account are read twice, which changes nothing.
    """

    address = models.ForeignKey(
        WebhookAddress,
        verbose_name=_("address"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="readings",
        help_text=_("Whose key it is; empty: this installation's."),
    )
    fingerprint = models.CharField(_("fingerprint"), max_length=12)
    read_until = models.DateTimeField(
        _("read until"), null=True, blank=True, help_text=_("All calls that ended before this are known.")
    )
    finished_at = models.DateTimeField(
        _("complete at"), null=True, blank=True, help_text=_("When a reading was last complete.")
    )
    refused_at = models.DateTimeField(
        _("refused at"), null=True, blank=True, help_text=_("Since when Retell refuses the key.")
    )
    began_at = models.DateTimeField(_("began at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Retell account")
        verbose_name_plural = _("Retell accounts")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("address", "fingerprint", nulls_distinct=False, name="retell_reading_per_key")
        ]

    def __str__(self) -> str:
        whose = self.address.company.name if self.address else _("this installation")
        return _("Retell account %(fingerprint)s of %(whose)s") % {"fingerprint": self.fingerprint, "whose": whose}

    def note_complete(self, until: datetime) -> None:
        """Everything up to `until` was read; an earlier moment than known moves nothing back."""
        rows = RetellReading.objects.filter(pk=self.pk)
        rows.update(finished_at=timezone.now(), refused_at=None)
        rows.filter(Q(read_until=None) | Q(read_until__lt=until)).update(read_until=until)

    def note_refused(self) -> bool:
        """Retell refuses the key; False if that was known."""
        rows = RetellReading.objects.filter(pk=self.pk, refused_at=None)
        return rows.update(refused_at=timezone.now()) == 1


class EarlierCall(models.Model):
    """A call that never connected, one of many from before its account was first read. Such a call has no time: only
    this tells it from one whose webhook was lost.
    """

    reading = models.ForeignKey(RetellReading, on_delete=models.CASCADE, related_name="earlier_calls")
    call_id = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("earlier call")
        verbose_name_plural = _("earlier calls")
        constraints = [models.UniqueConstraint("reading", "call_id", name="earlier_call_once")]

    def __str__(self) -> str:
        return self.call_id

    @classmethod
    def note(cls, reading: RetellReading, call_ids: Iterable[str]) -> None:
        rows = [EarlierCall(reading=reading, call_id=call_id) for call_id in call_ids]
        EarlierCall.objects.bulk_create(rows, ignore_conflicts=True)
