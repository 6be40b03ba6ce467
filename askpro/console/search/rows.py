"""Rows by id, number, address or key: what is known of them exactly."""

import re
from typing import Final

from django.contrib import admin
from django.http import HttpRequest

from askpro.console import display
from askpro.console.masking import is_blind
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.scope import may_see
from askpro.console.search.hit import Hit
from askpro.console.term import Term
from askpro.privacy import reads

# In the order in which people look for them.
ICONS: Final = {
    "calls.Customer": "person",
    "calls.PhoneNumber": "dialpad",
    "calls.Call": "call",
    "appointments.Appointment": "event",
    "appointments.FollowUp": "phone_callback",
    "notifications.Notification": "sms",
    "webhooks.WebhookEvent": "webhook",
    "queues.Job": "settings",
    "calls.Company": "storefront",
}
MOST_OF_EACH: Final = 5
# Ids and keys have a digit or a sign that no name has, or are longer than names are.
_KEY: Final = re.compile(r"\S*[\d_:@#]\S*|\S{18,}")


def hits(request: HttpRequest, term: Term) -> list[Hit]:
    """The newest rows of each table that this is the id, number, address or key of."""
    if not (term.is_number or _KEY.fullmatch(term.text)):
        return []
    # Whoever never sees who people are must not find out by asking, either.
    hides = is_blind(request.user) and (term.is_number or term.is_email)
    admins = {model._meta.label: each for model, each in admin.site._registry.items()}
    found: list[Hit] = []
    for label, icon in ICONS.items():
        model_admin = admins.get(label)
        if not isinstance(model_admin, ConsoleModelAdmin) or (hides and reads.holds_people(model_admin.model)):
            continue
        if may_see(request.user, model_admin.model):
            found += _rows(model_admin, request, term, icon)
    return found


def _rows(model_admin: ConsoleModelAdmin, request: HttpRequest, term: Term, icon: str) -> list[Hit]:
    rows = model_admin.rows_for_search(request.user, term)[:MOST_OF_EACH]
    kind = str(model_admin.opts.verbose_name).capitalize()
    return [Hit(model_admin.named(row), kind, display.address(row), icon) for row in rows]
