"""The vendors' endpoints. The last slash is optional: a redirect would lose the POST."""

from django.urls import re_path

from webhooks.door.functions import FunctionView
from webhooks.door.vendors import VENDORS
from webhooks.door.views import WebhookView
from webhooks.models import Provider

app_name = "webhooks"
# The id in a company's own address (WebhookAddress.public_id).
PUBLIC_ID = "(?P<public_id>[A-Za-z0-9_-]{22})"
VIEWS = {provider: WebhookView.as_view(vendor=vendor) for provider, vendor in VENDORS.items()}
# One endpoint for all that Twilio sends. The path is part of what it signs, and can be chosen freely there.
TWILIO = "(?:/(?:status|inbound|json))?"
# What Retell calls while the caller waits; the name may bear the agent's version.
FUNCTION = "functions/(?P<name>[A-Za-z0-9_-]{1,64})"
urlpatterns = [
    re_path(r"^retell/?$", VIEWS[Provider.RETELL], name="retell"),
    re_path(r"^calcom/?$", VIEWS[Provider.CALCOM], name="calcom"),
    re_path(rf"^twilio{TWILIO}/?$", VIEWS[Provider.TWILIO], name="twilio"),
    re_path(rf"^retell/{FUNCTION}/?$", FunctionView.as_view(), name="retell-function"),
    re_path(rf"^retell/{PUBLIC_ID}/{FUNCTION}/?$", FunctionView.as_view()),
    re_path(rf"^retell/{PUBLIC_ID}/?$", VIEWS[Provider.RETELL]),
    re_path(rf"^calcom/{PUBLIC_ID}/?$", VIEWS[Provider.CALCOM]),
    re_path(rf"^twilio/{PUBLIC_ID}{TWILIO}/?$", VIEWS[Provider.TWILIO]),
]
