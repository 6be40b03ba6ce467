"""The functions of Retell's agents, called while the caller waits: checked like webhooks, and answered with words."""

import time
from functools import cache, partial
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.request import Request

from calls.functions import serving
from calls.functions.asked import Asked, Function, named
from calls.retell.fields import InvalidCall
from calls.tenancy import number_of
from webhooks.door.refusal import Refused
from webhooks.door.retell import Retell
from webhooks.door.views import WebhookView
from webhooks.inbox.reading import Malformed, load_object
from webhooks.models import Provider, RefusedWebhook, WebhookAddress
from webhooks.models.address import objection


class FunctionView(WebhookView):
    """One address for each function. The name in the address counts; the one in the body is the agent's own."""

    vendor = Retell()

    def post(self, request: Request, public_id: str = "", name: str = "") -> HttpResponse:
        function = named(name)
        if function not in serving.SERVED:
            return HttpResponse("There is no such function.\n", status=404, content_type="text/plain")
        self.function = function
        return super().post(request, public_id)

    def _accept(self, request: HttpRequest, public_id: str) -> HttpResponse:
        began = time.monotonic()
        body, address, _ = self._verified(request, public_id)
        return _json(_answered(self.function, body, address, began))


def _answered(function: Function, body: bytes, address: WebhookAddress | None, began: float) -> dict[str, Any]:
    """What the agent is told. A secret speaks for its own company only, as with webhooks. Raises `Refused`."""
    try:
        asked = Asked.from_fields(function, load_object(body))
    except (Malformed, InvalidCall) as error:
        raise Refused(RefusedWebhook.Reason.MALFORMED) from error
    number = number_of(asked.told)
    if number is None:
        return serving.not_served()
    against = cache(partial(objection, Provider.RETELL, address))
    if against(number.company_id):
        raise Refused(RefusedWebhook.Reason.OTHER_TENANT)
    return serving.serve(asked, number, against, began)


def _json(answer: dict[str, Any]) -> JsonResponse:
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False})
