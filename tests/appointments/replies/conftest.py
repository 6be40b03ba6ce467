"""The studio, customer and appointment of the tests of messages, and Twilio, which sends the replies."""

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
