"""Which job works on a stored event is known in every process, the chores' and a command's included."""

import subprocess
import sys
from pathlib import Path

import pytest

from webhooks.inbox.jobs import actor_names, job_for
from webhooks.models import Provider

ROOT = Path(__file__).parents[3]
# No address was looked up and no command checked: either would import the door.
ENTERED = """
import django
django.setup()
from webhooks.inbox import jobs
print(*sorted(jobs._entered), "|", *sorted(jobs.actor_names()))
"""


def test_a_process_that_only_starts_django_knows_them() -> None:
    said = subprocess.run([sys.executable, "-c", ENTERED], cwd=ROOT, capture_output=True, text=True, check=True)
    providers, names = said.stdout.split("|")
    assert providers.split() == sorted(Provider.values)
    assert names.split() == sorted(actor_names())


@pytest.mark.parametrize(
    ("provider", "event_type", "name"),
    [
        ("twilio", "inbound_message", "process_inbound_sms"),
        ("twilio", "status_callback.delivered", "process_twilio_webhook"),
        ("calcom", "BOOKING_CREATED", "process_calcom_webhook"),
        ("retell", "call_ended", "process_retell_call_ended"),
    ],
)
def test_a_type_may_name_its_kind_before_a_dot(provider: str, event_type: str, name: str) -> None:
    found = job_for(provider, event_type)
    assert found is not None and found.actor_name == name


def test_a_type_that_nothing_follows_from_has_none() -> None:
    assert job_for("calcom", "PING") is None
