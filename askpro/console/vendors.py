"""What people call the parties outside."""

from django.utils.translation import gettext as _

from askpro.metrics.exchange import VENDORS as VENDORS
from webhooks.models import Provider


def name(vendor: str) -> str:
    return str(Provider(vendor).label) if vendor in Provider.values else _("The mail server")
