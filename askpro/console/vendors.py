"""What people call the parties outside, and which jobs ask them."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from dramatiq import get_broker

from askpro.metrics.exchange import VENDORS as VENDORS
from askpro.queues.jobs.catalogue import said
from webhooks.models import Provider

# What an actor's docstring says that it calls.
_CALLED: Final[Mapping[str, str]] = {**dict(Provider.choices), "mail": "the mail server"}


def name(vendor: str) -> str:
    """Of one of `VENDORS`, in the reader's language."""
    return str(Provider(vendor).label) if vendor in Provider.values else _("Mail server")


def names() -> dict[str, str]:
    """Of all of them."""
    return {vendor: name(vendor) for vendor in VENDORS}


def jobs() -> dict[str, list[str]]:
    """The jobs that need a vendor, by vendor."""
    calls = {name: said(actor, "Calls") for name, actor in get_broker().actors.items()}
    return {vendor: sorted(name for name, called in calls.items() if _CALLED[vendor] in called) for vendor in VENDORS}
