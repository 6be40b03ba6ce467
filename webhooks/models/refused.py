"""Counts of refused requests."""

from datetime import datetime
from typing import Any

from django.db import connection, models

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
        MISSING_SIGNATURE = "missing_signature", "No signature"
        BAD_SIGNATURE = "bad_signature", "Signature does not match"
        STALE = "stale", "Timestamp too old"
        FUTURE = "future", "Timestamp in the future"
        NOT_CONFIGURED = "not_configured", "No secret configured"
        TOO_LARGE = "too_large", "Body too large"
        NO_LENGTH = "no_length", "No Content-Length"
        BAD_TYPE = "bad_type", "Content type not accepted"
        MALFORMED = "malformed", "Cannot be read"
        NO_ADDRESS = "no_address", "No such address"
        NOT_STORED = "not_stored", "Database was away"
        OTHER_TENANT = "other_tenant", "Signed, but about another company"

    provider = models.CharField(max_length=16, choices=Provider.choices)
    reason = models.CharField(max_length=24, choices=Reason.choices)
    hour = models.DateTimeField()
    address_prefix = models.CharField(max_length=50, help_text="/24 of IPv4, /48 of IPv6.")
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint("provider", "reason", "hour", "address_prefix", name="refused_webhook_count")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.reason} {self.hour:%d.%m.%Y %H:00}"

    @classmethod
    def count_one(cls, provider: str, reason: str, address_prefix: str = "") -> None:
        """Count one more in this hour."""
        cls._count(provider, reason, None, address_prefix, 1)

    @classmethod
    def count_unstored(cls, provider: str, hour: datetime, count: int) -> None:
        """Count requests of that hour that were answered 503, because the database was away."""
        cls._count(provider, cls.Reason.NOT_STORED, hour, "", count)

    @classmethod
    def _count(cls, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, values)
