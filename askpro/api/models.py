"""Who may ask through the API, and what was asked."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import connection, models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models import BookingRequest, Company

PREFIX = "askpro_"
HINT_LENGTH = len(PREFIX) + 4
# Requests are spaced evenly, and a minute's worth of them may come at once. One statement decides and writes.
TAKE = """
UPDATE api_apitoken
   SET next_at = greatest(next_at, clock_timestamp()) + %(space)s, last_used_at = clock_timestamp()
 WHERE id = %(id)s AND next_at <= clock_timestamp() + %(burst)s
RETURNING id
"""
WAIT = "SELECT extract(epoch FROM next_at - clock_timestamp() - %(burst)s) FROM api_apitoken WHERE id = %(id)s"


class ApiToken(models.Model):
    """A trusted caller's key to one company. Only its hash is kept: it is shown once, when it is made."""

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(
        _("name"), max_length=100, help_text=_("Who uses it: the booking page, the partner's system …")
    )
    token_sha256 = models.CharField(_("hash of the token"), max_length=64, unique=True, editable=False)
    hint = models.CharField(_("beginning"), max_length=HINT_LENGTH, editable=False, help_text=_("How it begins."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Off: requests with it are refused at once.")
    )
    may_read = models.BooleanField(_("may read"), default=True, help_text=_("Reads what became of its requests."))
    may_request = models.BooleanField(_("may ask"), default=True, help_text=_("Asks for appointments."))
    may_change = models.BooleanField(_("may change"), default=True, help_text=_("Cancels and moves appointments."))
    expires_on = models.DateField(
        _("expires on"),
        null=True,
        blank=True,
        help_text=_("The last day on which it works. Operators are told two weeks before. Empty: it works for ever."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    next_at = models.DateTimeField(
        _("free of load"), db_default=Now(), editable=False, help_text=_("When its whole allowance is available again.")
    )

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["company", "name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    def renew(self) -> str:
        """A new secret, in place of any earlier one; the caller saves the row and shows the secret once."""
        token = PREFIX + secrets.token_urlsafe(32)
        self.token_sha256, self.hint = _sha256(token), token[:HINT_LENGTH]
        return token

    @classmethod
    def of(cls, token: str) -> Self | None:
        """The active token of an active company that this secret belongs to, unless its last day is over."""
        in_time = models.Q(expires_on=None) | models.Q(expires_on__gte=timezone.localdate())
        rows = cls.objects.select_related("company").filter(in_time, is_active=True, company__is_active=True)
        return rows.defer("company__calcom_api_key").filter(token_sha256=_sha256(token)).first()

    def take(self) -> float:
        """Use one request of the allowance: 0.0 when there was one, else the seconds until there is."""
        space = timedelta(minutes=1) / settings.API_REQUESTS_PER_MINUTE
        values: dict[str, Any] = {"id": self.pk, "space": space, "burst": timedelta(minutes=1) - space}
        with connection.cursor() as cursor:
            cursor.execute(TAKE, values)
            if cursor.fetchone():
                return 0.0
            cursor.execute(WAIT, values)
            row = cursor.fetchone()
        return max(float(row[0]), 0.001) if row else 1.0


class Submission(models.Model):
    """One accepted POST. Its key recognises it when it is sent again."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(ApiToken, on_delete=models.SET_NULL, null=True, related_name="submissions")
    key = models.CharField(max_length=200, null=True, help_text=_("The caller's Idempotency-Key."))
    body_sha256 = models.CharField(max_length=64)
    booking_request = models.OneToOneField(
        BookingRequest, on_delete=models.CASCADE, null=True, related_name="submission"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("request by API")
        verbose_name_plural = _("requests by API")
        constraints = [models.UniqueConstraint("company", "key", name="submission_once")]

    def __str__(self) -> str:
        return _("Submission %(id)s") % {"id": self.pk}


def _sha256(token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
