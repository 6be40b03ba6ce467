"""Counts of refused requests."""

from datetime import datetime
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from webhooks.models.provider import Provider

_COUNT = """
    INSERT INTO webhooks_refusedwebhook (provider, reason, hour, address_prefix, count)
    VALUES (%s, %s, date_trunc('hour', coalesce(%s, clock_timestamp()), 'UTC'), %s, %s)
    ON CONFLICT (provider, reason, hour, address_prefix)
    DO UPDATE SET count = webhooks_refusedwebhook.count + EXCLUDED.count
"""


class RefusedWebhook(models.Model):
    """How often requests were refused, by provider, reason, hour and address prefix; no body is kept."""

    class Reason(models.TextChoices):
        MISSING_SIGNATURE = "missing_signature", _("No signature")
        BAD_SIGNATURE = "bad_signature", _("Signature does not match")
        STALE = "stale", _("Timestamp too old")
        FUTURE = "future", _("Timestamp in the future")
        NOT_CONFIGURED = "not_configured", _("No secret configured")
        TOO_LARGE = "too_large", _("Body too large")
        NO_LENGTH = "no_length", _("No Content-Length")
        BAD_TYPE = "bad_type", _("Content type not accepted")
        MALFORMED = "malformed", _("Cannot be read")
        NO_ADDRESS = "no_address", _("No such address")
        NOT_STORED = "not_stored", _("Database was away")
        OTHER_TENANT = "other_tenant", _("Signed, but about another company")

    provider = models.CharField(_("vendor"), max_length=16, choices=Provider.choices)
    reason = models.CharField(_("reason"), max_length=24, choices=Reason.choices)
    hour = models.DateTimeField(_("hour"))
    address_prefix = models.CharField(_("sender's network"), max_length=50, help_text=_("/24 of IPv4, /48 of IPv6."))
    count = models.PositiveIntegerField(_("count"), default=1)

    class Meta:
        verbose_name = _("refused webhook")
        verbose_name_plural = _("refused webhooks")
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint("provider", "reason", "hour", "address_prefix", name="refused_webhook_count")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.reason} {self.hour:%d.%m.%Y %H:00}"

    @classmethod
    def count_more(cls, provider: str, reason: str, address_prefix: str = "", count: int = 1) -> None:
        """Count so many more in this hour."""
        cls._count(provider, reason, None, address_prefix, count)

    @classmethod
    def count_unstored(cls, provider: str, hour: datetime, count: int) -> None:
        """Count requests of that hour that were answered 503, because the database was away."""
        cls._count(provider, cls.Reason.NOT_STORED, hour, "", count)

    @classmethod
    def _count(cls, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, values)
