"""The sandbox's page for people."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string

from askpro.dev.sandbox.exchange import Answer
from askpro.dev.sandbox.sandbox import Sandbox
from askpro.dev.sandbox.world import TIMEZONE

SHOWN = 50


def render(sandbox: Sandbox) -> Answer:
    """The newest bookings, messages, mails, webhooks and all faults on one page."""
    bookings = sandbox.calcom.bookings.selected()[::-1][:SHOWN]
    context = {
        "bookings": [
            {"when": booking.start.astimezone(ZoneInfo(TIMEZONE)), "booking": booking} for booking in bookings
        ],
        "messages": sandbox.twilio.messages()[::-1][:SHOWN],
        "mails": sandbox.mailbox.listed()[::-1][:SHOWN],
        "posts": sandbox.slack.posts()[::-1][:SHOWN],
        "calls": [
            call | {"at": datetime.fromtimestamp(call.get("start_timestamp", 0) / 1000, ZoneInfo(TIMEZONE))}
            for call in sandbox.retell.calls()[::-1][:SHOWN]
        ],
        "deliveries": sandbox.courier.listed()[::-1][:SHOWN],
        "faults": sandbox.faults.listed(),
        "switches": sandbox.switches.listed(),
    }
    html = render_to_string("sandbox/overview.html", context)
    return Answer(200, html.encode(errors="replace"), {"Content-Type": "text/html; charset=utf-8"})
