"""All vendors, by provider. Imported when Django starts, which registers the jobs of stored events."""

from webhooks.door.calcom import Calcom
from webhooks.door.retell import Retell
from webhooks.door.twilio import Twilio
from webhooks.door.vendor import Vendor
from webhooks.inbox import jobs
from webhooks.models import Provider

VENDORS: dict[str, Vendor] = {
    Provider.RETELL: Retell(),
    Provider.CALCOM: Calcom(),
    Provider.TWILIO: Twilio(),
}

for _provider, _vendor in VENDORS.items():
    jobs.enter(_provider, _vendor.jobs)
