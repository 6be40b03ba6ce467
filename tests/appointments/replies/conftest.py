"""The same studio, customer and appointment as where messages are sent, and Twilio, by which the answers come."""

from tests.notifications.conftest import (  # noqa: F401 - fixtures
    appointment,
    branch,
    call,
    clock,
    company,
    customer,
    event,
    sms,
    twilio,
    vendor_settings,
)
