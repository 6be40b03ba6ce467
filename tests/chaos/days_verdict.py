"""What must be true after days of faults and deaths: everything adds up, by AskPro's own word and by the vendors'."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

from django.core.management import call_command

from appointments.models import Appointment
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.demo.scenarios import Scenario
from calls.models import Call
from notifications.models import Notification
from tests.chaos.figures import figures_agree

Json = dict[str, Any]

SETTLED = (Call.Outcome.BOOKED, Call.Outcome.FOLLOW_UP, Call.Outcome.NO_REQUEST, Call.Outcome.CHANGED)


def verdict(vendors: SandboxClient, told: list[tuple[Scenario, Json]]) -> list[str]:
    """Everything that does not add up, in words."""
    return [*_balance(), *_calls(told), *_bookings(vendors), *_messages(vendors), *figures_agree()]


def _balance() -> Iterator[str]:
    said = StringIO()
    with suppress(SystemExit):
        call_command("balance", "--json", stdout=said)
    for finding in json.loads(said.getvalue())["findings"]:
        yield f"balance: {finding}"


def _calls(told: list[tuple[Scenario, Json]]) -> Iterator[str]:
    """Each is here once, and booked, followed up, without a request, or lost."""
    here = Counter(Call.objects.values_list("retell_call_id", flat=True))
    for _, call in told:
        if here[call["call_id"]] != 1:
            yield f"{here[call['call_id']]} rows of call {call['call_id']}"
    for call in Call.objects.exclude(outcome__in=SETTLED).exclude(status=Call.Status.LOST):
        yield f"call {call.pk} is {call.status} and {call.outcome}"


def _bookings(vendors: SandboxClient) -> Iterator[str]:
    """Each appointment is one booking at Cal.com, and each booking one appointment."""
    there = Counter(booking["metadata"].get("askpro_booking_key") for booking in vendors.bookings("accepted"))
    confirmed = Appointment.objects.filter(status=Appointment.Status.CONFIRMED)
    here = Counter(str(key) for key in confirmed.values_list("booking_key", flat=True))
    if here != there:
        yield f"appointments here and not there: {list(here - there)}; there and not here: {list(there - here)}"


def _messages(vendors: SandboxClient) -> Iterator[str]:
    """Each confirmed appointment was told once by SMS, or the row says why not; by mail at most once more."""
    taken = Counter((message["to"], message["body"]) for message in vendors.messages())
    for (_, _), times in [each for each in taken.items() if each[1] > 1]:
        yield f"one SMS was taken {times} times"
    sms = Notification.objects.filter(channel="sms", kind="confirmation", appointment__status="confirmed")
    for row in sms.select_related("appointment"):
        times = taken[row.recipient, row.text] if row.text else 0
        was_sent = row.status in (Notification.Status.SENT, Notification.Status.DELIVERED)
        if (was_sent and times != 1) or (not was_sent and not row.reason):
            yield f"SMS {row.pk} is {row.status} ({row.reason}), and Twilio has it {times} times"
    mails = Counter((mail["headers"]["Message-ID"], mail["to"][0]) for mail in vendors.mails())
    for _, times in [each for each in mails.items() if each[1] > 2]:
        yield f"one mail was sent {times} times"
