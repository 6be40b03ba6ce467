"""What the webhook view must know about a vendor."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from askpro.queues import LedgerActor
from webhooks.door.incoming import Incoming
from webhooks.models import Provider, WebhookAddress


class Vendor(ABC):
    """One per provider; to add a provider, write one of these and a line in `webhooks/door/vendors.py`."""

    provider: ClassVar[Provider]
    # The header that has the signature.
    signature: ClassVar[str]
    content_types: ClassVar[frozenset[str]]
    jobs: ClassVar[Mapping[str, LedgerActor[Any, Any]]]
    kept_headers: ClassVar[tuple[str, ...]]

    @abstractmethod
    def verify(self, request: HttpRequest, body: bytes, secrets: Sequence[str]) -> str:
        """Fingerprint of the one of `secrets` that signed the request. Raises `Refused`."""

    @abstractmethod
    def shared_secrets(self, request: HttpRequest) -> Sequence[str]:
        """The installation's secrets, for companies without an address of their own."""

    @abstractmethod
    def read(self, request: HttpRequest, body: bytes) -> Incoming:
        """Read the verified bytes. Raises `Malformed` when they cannot be read at all."""

    def answer(self, incoming: Incoming, address: WebhookAddress | None) -> HttpResponse:
        """The answer that the provider expects once its event is stored at `address`; the same for a duplicate."""
        return HttpResponse(status=204)
