"""Companies' own webhook addresses, and the secrets that sign there."""

import logging
import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.encryption import EncryptedTextField, Unreadable
from webhooks.models.fingerprint import fingerprint
from webhooks.models.provider import Provider

log = logging.getLogger(__name__)


def new_public_id() -> str:
    """22 letters, digits, `-` and `_`: too many to find another company's by trying."""
    return secrets.token_urlsafe(16)


class WebhookAddress(models.Model):
    """Where one vendor sends one company's events. The address identifies the company, and its secrets belong to that
    company alone. Once it has a secret, the installation's secrets are no longer accepted for this company.
    """

    company = models.ForeignKey(
        "calls.Company", verbose_name=_("company"), on_delete=models.PROTECT, related_name="webhook_addresses"
    )
    provider = models.CharField(_("vendor"), max_length=16, choices=Provider.choices)
    public_id = models.CharField(_("public id"), max_length=22, unique=True, default=new_public_id, editable=False)
    account = models.CharField(
        _("Twilio account"),
        max_length=34,
        blank=True,
        default="",
        help_text=_("Only for Twilio: the account's SID (AC…). This account then sends the company's SMS."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook address")
        verbose_name_plural = _("webhook addresses")
        ordering = ["company", "provider"]
        constraints = [
            models.UniqueConstraint("company", "provider", name="webhook_address_once"),
            # Without the SID it would be unknown which account's messages the token reports on.
            models.CheckConstraint(
                condition=Q(provider=Provider.TWILIO, account__startswith="AC")
                | ~Q(provider=Provider.TWILIO) & Q(account=""),
                name="webhook_address_account",
            ),
        ]

    def __str__(self) -> str:
        return _("%(vendor)s of %(company)s") % {"vendor": self.get_provider_display(), "company": self.company}

    @classmethod
    def of(cls, company_id: int, provider: str) -> Self | None:
        """The company's own address at this vendor, once it has a secret."""
        signed = WebhookSecret.objects.filter(retired_at=None).values("address_id")
        return cls.objects.filter(company_id=company_id, provider=provider, pk__in=signed).first()

    @property
    def url(self) -> str:
        """What to enter at the vendor."""
        return f"{settings.PUBLIC_URL}/webhooks/{self.provider}/{self.public_id}/"

    def active_secrets(self) -> list[str]:
        """The secrets that may sign now, the newest first, without those that no key decrypts any more."""
        rows = self.secrets.filter(retired_at=None).order_by("-pk")
        return [opened for row in rows if (opened := row.opened())]

    def add_secret(self, secret: str) -> "WebhookSecret":
        """Let one more secret sign; the others stay valid until they are retired."""
        return WebhookSecret.objects.create(address=self, secret=secret, fingerprint=fingerprint(secret))

    def retire_secrets(self) -> int:
        """Retire all current secrets; returns how many there were."""
        return self.secrets.filter(retired_at=None).update(retired_at=timezone.now())


class WebhookSecret(models.Model):
    """One secret of an address. Several are active while a key is changed at the vendor."""

    address = models.ForeignKey(
        WebhookAddress, verbose_name=_("address"), on_delete=models.CASCADE, related_name="secrets"
    )
    secret = EncryptedTextField(_("secret"))
    fingerprint = models.CharField(
        _("fingerprint"), max_length=12, help_text=_("Identifies it; each event shows which one signed it.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook secret")
        verbose_name_plural = _("webhook secrets")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.fingerprint

    def opened(self) -> str:
        """The secret, decrypted; empty when its key is gone."""
        try:
            return str(self.secret)
        except Unreadable:
            log.error("webhook secret %d cannot be read: its key is not in DATA_KEYS", self.pk)
            return ""


def objection(provider: str, address: WebhookAddress | None, company_id: int) -> str:
    """Why an event that came to `address` (None: the shared one) must not concern this company; empty when it may.

    A company's secret signs for that company only, and the installation's for companies without a secret.
    """
    if address is not None:
        return "" if address.company_id == company_id else "It is about another company than its address."
    if WebhookAddress.of(company_id, provider) is not None:
        return "It came to the shared address, and its company has one of its own."
    return ""
