"""What every page behind a customer's link has in common."""

import logging
from http import HTTPStatus
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from appointments.page import seal
from appointments.page.allowance import SPAN, allows
from appointments.page.wording import Words
from calls.models.company import Language
from notifications import links

log = logging.getLogger(__name__)

# No scripts, nothing of other hosts, in nobody's frame; `data:` is the empty icon, so that browsers ask for none.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The address is a secret: nobody may keep, list or pass on what is behind it.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
# Seconds after which PostgreSQL will be back.
RETRY_AFTER: Final = 5


class Redirect(HttpResponseRedirect):
    """Read that page now. 303, so that reloading it does not send the form again."""

    status_code = HTTPStatus.SEE_OTHER


@method_decorator(csrf_exempt, name="dispatch")
class Page(View):
    """One kind of page: finds what its link is about, in the customer's language, and bounds what strangers may do.

    The link is the only credential, as a password would be. A foreign site that made a browser send one of these forms
    would have to know it, and could then send the form itself: there is no cookie whose power it could borrow, so a
    token in a cookie, as Django's protection needs, would guard nothing; and browsers that block cookies, or send
    `Origin: null` because of our Referrer-Policy, would be turned away. What remains are programs that press every
    link, and pages that are no longer true. So GET changes nothing, and each form carries a seal over the link, what it
    does, and what its page has shown: a form of an older state does nothing.
    """

    http_method_names = ["get", "head", "post"]
    kind: ClassVar[links.Kind]
    token: str
    language: Language

    def find(self, pk: int) -> Any:
        """What the link is about; None if it has no page any more."""
        raise NotImplementedError

    def language_of(self, about: Any) -> str:
        """The language that its customer reads."""
        raise NotImplementedError

    def open(self, about: Any) -> None:
        """Take up what was found, before the request is answered."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.token = kwargs["token"]
        try:
            response = self._answer(request)
        except (OperationalError, InterfaceError, InternalError) as error:
            log.warning("A customer's page cannot reach PostgreSQL: %s", type(error).__name__, extra={"cause": error})
            response = neutral(HTTPStatus.SERVICE_UNAVAILABLE, Words.AWAY, Words.AWAY_LEAD)
            response["Retry-After"] = str(RETRY_AFTER)
        return closed(response)

    def url(self, name: str, **query: str) -> str:
        """The address of another page of this link, in the language of this one."""
        if chosen := self.request.GET.get("lang", ""):
            query |= {"lang": chosen} if chosen in Language.values else {}
        # The pattern's last slash is optional, so it is left out there.
        address = f"{reverse(f'page:{name}', args=[self.token])}/"
        return f"{address}?{urlencode(query)}" if query else address

    def seal(self, act: str, *shown: object) -> str:
        return seal.seal(self.token, act, *shown)

    def is_sealed(self, act: str, *shown: object) -> bool:
        """Whether the form that was sent does this, and its page has shown these facts."""
        return seal.holds(self.request.POST.get("seal", ""), self.token, act, *shown)

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> HttpResponse:
        other = Language.ENGLISH if self.language == Language.GERMAN else Language.GERMAN
        query = {name: value for name, value in self.request.GET.items() if name != "lang"} | {"lang": other}
        switch = {"language": other, "label": other.label, "url": f"{self.request.path}?{urlencode(query)}"}
        known = {"words": Words, "language": self.language, "switch": switch}
        return HttpResponse(render_to_string(template, known | values), status=status)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if not allows(request, self.token):
            response = neutral(HTTPStatus.TOO_MANY_REQUESTS, Words.BUSY, Words.BUSY_LEAD)
            response["Retry-After"] = str(SPAN)
            return response
        reference = links.read(self.token)
        about = self.find(reference.pk) if reference is not None and reference.kind == self.kind else None
        if about is None:
            return gone()
        self.open(about)
        asked = request.GET.get("lang", "")
        self.language = Language(asked if asked in Language.values else self.language_of(about))
        with translation.override(self.language):
            return super().dispatch(request)


class Nothing(View):
    """Every other address under /t/."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return closed(gone())


def gone() -> HttpResponse:
    """The one answer to links that are invented, mistyped, over or erased: it does not say which."""
    return neutral(HTTPStatus.NOT_FOUND, Words.GONE, Words.GONE_LEAD)


def neutral(status: HTTPStatus, headline: Words, lead: Words) -> HttpResponse:
    """A page about nothing, in both languages, because nobody is known whose it would be."""
    told = [(each.value, headline.tell(language=each), lead.tell(language=each)) for each in Language]
    values = {"language": Language.GERMAN, "told": told, "title": told[0][1]}
    return HttpResponse(render_to_string("page/neutral.html", values), status=status)


def closed(response: HttpResponseBase) -> HttpResponseBase:
    """The response with the headers that every page has."""
    for name, value in HEADERS.items():
        response[name] = value
    return response
