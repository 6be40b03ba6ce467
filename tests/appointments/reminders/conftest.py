"""The studio, customer and appointment of the tests of messages."""

from tests.notifications.conftest import (  # noqa: F401 - fixtures
    appointment,
    branch,
    call,
    clock,
    company,
    customer,
    twilio,
    vendor_settings,
)
