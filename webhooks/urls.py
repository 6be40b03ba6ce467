"""The vendors' endpoints. The last slash is optional: a redirect would lose the POST."""

from django.urls import re_path

from webhooks.models import Provider
from webhooks.vendors import VENDORS
from webhooks.views import WebhookView

app_name = "webhooks"
urlpatterns = [
    re_path(r"^retell/?$", WebhookView.as_view(vendor=VENDORS[Provider.RETELL]), name="retell"),
    re_path(r"^calcom/?$", WebhookView.as_view(vendor=VENDORS[Provider.CALCOM]), name="calcom"),
    # One endpoint for all that Twilio sends; the path is part of what it signs, and free to choose there.
    re_path(r"^twilio/?$", WebhookView.as_view(vendor=VENDORS[Provider.TWILIO]), name="twilio"),
    re_path(r"^twilio/(?:status|inbound|json)/?$", WebhookView.as_view(vendor=VENDORS[Provider.TWILIO])),
]
