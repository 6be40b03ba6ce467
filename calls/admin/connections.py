"""Whether each vendor answers with what is entered for a company, tried at once while a person waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPAuthenticationError
from typing import Any, Final

from django.conf import settings
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.mail import get_connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.calcom import client as calcom
from askpro.console import vendors
from askpro.deadline import deadline
from askpro.encryption import Unreadable
from askpro.http import KeyRefused
from askpro.queues.errors import JobError, RateLimited, Rejected
from calls.models import Company
from calls.retell import client as retell
from notifications.twilio import client as twilio
from webhooks.models import Provider, WebhookAddress

# Seconds that a person waits for one vendor.
PATIENCE: Final = 8.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it; `todo` is empty where nothing has to be done."""

    is_well: bool
    said: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Vendor:
    """`ask` returns what to say of an answer, and raises what the client raises; `where` says what to correct."""

    name: str
    ask: Callable[[Company], str]
    where: Promise

    @property
    def label(self) -> str:
        return vendors.name(self.name)


class ConnectionsMixin:
    """Adds the page to a company's pages. Looking changes nothing; only a press asks the vendors."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.connections_view)
        return [path("<path:object_id>/connections/", view, name="connections"), *super().get_urls()]  # type: ignore[misc]

    def connections_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        company = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if not self.has_change_permission(request, company):  # type: ignore[attr-defined]
            raise PermissionDenied
        if company is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        asked = request.POST.get("vendor", "") if request.method == "POST" else None
        lines = [(vendor, attempt(vendor, company) if asked in ("", vendor.name) else None) for vendor in VENDORS]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Connections of %(company)s") % {"company": company.name},
            "company": company,
            "lines": lines,
            "back": reverse("admin:calls_company_change", args=[company.pk]),
        }
        return TemplateResponse(request, "console/connections.html", context)


def attempt(vendor: Vendor, company: Company) -> Tried:
    """Ask it once, within `PATIENCE`."""
    try:
        with deadline(PATIENCE):
            return Tried(True, vendor.ask(company))
    except (Rejected, Unreadable, twilio.Refused) as error:
        return _refused(vendor, error)
    except RateLimited:
        return Tried(False, _("It takes no more requests just now."), _("Try again in a minute."))
    except (JobError, OSError):
        said = _("It does not answer.")
        return Tried(False, said, _("Look whether it reports an outage, and whether this network lets requests out."))


def _refused(vendor: Vendor, error: Exception) -> Tried:
    if isinstance(error, KeyRefused | twilio.Refused):
        said = _("It refuses the key or the log-in.")
    elif isinstance(error, Unreadable):
        said = _("What is stored cannot be read with these DATA_KEYS.")
    else:
        said = _("It refuses the request, or nothing is entered.")
    return Tried(False, said, str(vendor.where))


def _calcom(company: Company) -> str:
    owner = calcom.for_company(company).owner()
    return _("The key belongs to %(name)s.") % {"name": owner.name or owner.username or _("an unnamed user")}


def _retell(company: Company) -> str:
    now = timezone.now()
    address = WebhookAddress.of(company.pk, Provider.RETELL)
    keys = address.active_secrets() if address is not None else list(settings.RETELL_API_KEYS)
    if not keys:
        raise Rejected("There is no key of Retell.")
    next(retell.for_key(keys[0]).ended_between(now - timedelta(minutes=1), now))
    return _("The key is taken.")


def _twilio(company: Company) -> str:
    twilio.for_company(company.pk).since(timezone.now())
    return _("Account and token are taken.")


def _mail(company: Company) -> str:
    connection = get_connection()
    try:
        connection.open()
    except SMTPAuthenticationError as error:
        raise KeyRefused("The mail server refuses the log-in.") from error
    connection.close()
    return _("The mail server takes the log-in.")


VENDORS: Final[tuple[Vendor, ...]] = (
    Vendor(
        "calcom",
        _calcom,
        gettext_lazy("Make a key at Cal.com (Settings, API keys) and enter it on the company's page."),
    ),
    Vendor(
        "retell",
        _retell,
        gettext_lazy("Enter the key with the webhook badge from Retell's dashboard: RETELL_API_KEYS."),
    ),
    Vendor(
        "twilio",
        _twilio,
        gettext_lazy("Enter what Twilio's console shows: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKENS."),
    ),
    Vendor("mail", _mail, gettext_lazy("Correct EMAIL_URL, then restart.")),
)
