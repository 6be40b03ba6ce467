"""One box for whatever a person has in hand: an id, a phone number, a name, an e-mail address, a booking uid."""

from typing import Any

from django.contrib import admin
from unfold.dataclasses import SearchResult

from askpro.console import display
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.scope import may_see

# In the order in which people look for them.
ICONS = {
    "calls.Customer": "person",
    "calls.Call": "call",
    "appointments.Appointment": "event",
    "appointments.FollowUp": "phone_callback",
    "notifications.Notification": "sms",
    "webhooks.WebhookEvent": "webhook",
    "queues.Job": "settings",
    "calls.Company": "storefront",
}
MOST_OF_EACH = 5
MOST = MOST_OF_EACH * len(ICONS)
SHORTEST = 2


def everywhere(user: Any, typed: str) -> list[SearchResult]:
    """The best hits of every table that the person may see."""
    term = typed.strip()
    if len(term) < SHORTEST and not term.isdigit():
        return []
    found: list[SearchResult] = []
    for model, model_admin in admin.site._registry.items():
        if model._meta.label in ICONS and isinstance(model_admin, ConsoleModelAdmin) and may_see(user, model):
            found += _hits(model_admin, user, term)
    return sorted(found, key=lambda hit: list(ICONS.values()).index(hit.icon or ""))


def _hits(model_admin: ConsoleModelAdmin, user: Any, term: str) -> list[SearchResult]:
    rows = model_admin.rows_for_search(user, term)[:MOST_OF_EACH]
    model = model_admin.model
    return [
        SearchResult(
            model_admin.named(row), str(model._meta.verbose_name), display.address(row), ICONS[model._meta.label]
        )
        for row in rows
    ]
