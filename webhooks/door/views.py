"""The view of all webhooks: trusts nothing, stores once, answers as the vendor expects (table in docs/webhooks.md)."""

import logging
from typing import Any

from django.db import Error, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from askpro.incoming.request_log import about_company
from askpro.metrics.exchange import STORED
from askpro.metrics.recorder import note_webhook
from webhooks.door.body import read_body
from webhooks.door.intake import store
from webhooks.door.refusal import Refused, count
from webhooks.door.retell import Retell
from webhooks.door.vendor import Vendor
from webhooks.inbox import unstored
from webhooks.inbox.reading import Malformed
from webhooks.models import RefusedWebhook, WebhookAddress

log = logging.getLogger(__name__)

# Seconds after which a vendor should retry: PostgreSQL restarts faster than that.
RETRY_AFTER = 5


class WebhookView(APIView):
    """One vendor's endpoint. The signature over the raw bytes is the only authentication."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    http_method_names = ["post"]
    schema = None
    vendor: Vendor = Retell()

    def post(self, request: Request, public_id: str = "") -> HttpResponse:
        # DRF's parsers must not touch the stream, since the raw bytes are signed.
        raw: HttpRequest = request._request
        try:
            answer = self._accept(raw, public_id)
        except Refused as refused:
            note_webhook(self.vendor.provider, refused.reason)
            count(self.vendor.provider, refused, raw)
            return HttpResponse(f"{refused}.\n", status=refused.status, content_type="text/plain")
        except (OperationalError, InterfaceError, InternalError) as error:
            facts = self.vendor.provider, type(error).__name__
            log.warning("A %s webhook was not stored: %s", *facts, extra={"cause": error})
            note_webhook(self.vendor.provider, RefusedWebhook.Reason.NOT_STORED)
            unstored.note(self.vendor.provider)
            headers = {"Retry-After": str(RETRY_AFTER)}
            return HttpResponse("Try again.\n", status=503, content_type="text/plain", headers=headers)
        unstored.note_stored()
        note_webhook(self.vendor.provider, STORED)
        if unstored.are_waiting():
            _record_unstored()
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Skip content negotiation and authentication: a 406 for an odd Accept header would lose the event."""
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type

    def _accept(self, request: HttpRequest, public_id: str) -> HttpResponse:
        body, address, verified_by = self._verified(request, public_id)
        try:
            incoming = self.vendor.read(request, body)
        except Malformed as error:
            raise Refused(RefusedWebhook.Reason.MALFORMED) from error
        store(self.vendor, incoming, request, body, verified_by, address)
        return self.vendor.answer(incoming, address)

    def _verified(self, request: HttpRequest, public_id: str) -> tuple[bytes, WebhookAddress | None, str]:
        """The body, the address that it came to, and the fingerprint of the secret that signed it."""
        body = read_body(request, self.vendor.content_types, self.vendor.signature)
        address = self._address(public_id)
        about_company(address.company_id if address else None)
        secrets = self.vendor.shared_secrets(request) if address is None else address.active_secrets()
        return body, address, self.vendor.verify(request, body, secrets)

    def _address(self, public_id: str) -> WebhookAddress | None:
        """The company's own address; None for the one that companies without an address share."""
        if not public_id:
            return None
        address = WebhookAddress.objects.filter(public_id=public_id, provider=self.vendor.provider).first()
        if address is None:
            raise Refused(RefusedWebhook.Reason.NO_ADDRESS)
        return address


def _record_unstored() -> None:
    """The database is back. This event is stored, so whatever happens here changes nothing about its answer."""
    try:
        unstored.record()
    except Error as error:
        log.warning(
            "The webhooks refused before were not counted yet: %s", type(error).__name__, extra={"cause": error}
        )
