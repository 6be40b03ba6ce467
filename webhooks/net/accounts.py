"""The accounts at Retell, one for each key: this installation's, and those of companies with their own address."""

from dataclasses import dataclass

from django.conf import settings

from calls.retell import client
from calls.retell.client import Retell
from calls.retell.errors import KeyRefused
from webhooks.models import Provider, RetellReading, WebhookAddress
from webhooks.models.fingerprint import fingerprint


# No repr: the key must not reach a log through a traceback's variables.
@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A key of Retell, and the address that it belongs to; None: the one that companies without an address share."""

    key: str
    address: WebhookAddress | None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.key)

    @property
    def retell(self) -> Retell:
        return client.for_key(self.key)

    def reading(self) -> RetellReading:
        """How far its calls were read."""
        return RetellReading.objects.get_or_create(address=self.address, fingerprint=self.fingerprint)[0]


def all_accounts() -> list[Account]:
    """The installation's, then the companies'."""
    addresses = WebhookAddress.objects.filter(provider=Provider.RETELL, company__is_active=True)
    own = [_of_address(address) for address in addresses.select_related("company").order_by("pk")]
    return [*_shared(), *(account for accounts in own for account in accounts)]


def accounts_of(company_id: int) -> list[Account]:
    """Where the calls of a company are: at its own address's keys, else at the installation's."""
    address = WebhookAddress.of(company_id, Provider.RETELL)
    return _shared() if address is None else _of_address(address)


def account_of(reading: RetellReading) -> Account | None:
    """None when the key is not in use any more."""
    accounts = _shared() if reading.address is None else _of_address(reading.address)
    return next((account for account in accounts if account.fingerprint == reading.fingerprint), None)


def is_news(error: KeyRefused, reading: RetellReading) -> bool:
    """Note that Retell refuses the key; False if that was known and another key of the same address is read.

    A key that was replaced stays configured for a while, so that it may still sign. It must not fail a job for ever.
    """
    return reading.note_refused() or not is_replaced(reading)


def is_replaced(reading: RetellReading) -> bool:
    """Whether another key of the same address is read."""
    same = RetellReading.objects.filter(address=reading.address, refused_at=None, finished_at__isnull=False)
    return same.exclude(pk=reading.pk).exists()


def _shared() -> list[Account]:
    return [Account(key, None) for key in dict.fromkeys(settings.RETELL_API_KEYS) if key]


def _of_address(address: WebhookAddress) -> list[Account]:
    return [Account(key, address) for key in dict.fromkeys(address.active_secrets())]
