"""The demo calls of `manage.py up`: each does what it says."""

import json
import subprocess
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from askpro.console.story import Story
from askpro.dev.sandbox.credentials import environment as vendors_environment
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.up import procfile
from calls.models import Call
from notifications.models import Notification
from tests.scenarios.processes import ROOT
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.xdist_group("scenarios")


def test_a_call_becomes_a_confirmed_appointment_at_once(world: World) -> None:
    call = world.call()
    world.ring(call)
    world.until(world.of(call).is_told)
    ended = WebhookEvent.objects.get(event_type="call_ended")
    sent = Notification.objects.get(call__retell_call_id=call["call_id"], channel="sms").sent_at
    assert sent is not None
    took = (sent - ended.received_at).total_seconds()
    print(f"\ncall_ended stored → SMS accepted: {took * 1000:.0f} ms")
    assert took < 10
    assert world.of(call).count() == ONE_OF_EACH
    assert world.of(call).call.outcome == "booked"
    assert timezone.now() < world.of(call).appointment.starts_at


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in ("booked", "conversation")])
def test_every_demo_call_goes_through(world: World, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo_call", scenario=name, json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["missing"], told["surplus"]) == (True, [], [])


def test_a_conversation_and_its_move_by_sms_are_one_story(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo_call", scenario="conversation", json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["ok"], told
    call = Call.objects.get(retell_call_id=told["call_id"])
    titles = [entry.title for entry in Story(call, User(is_superuser=True, is_active=True)).entries]
    asked = titles.index("The agent asked for book_appointment")
    moved = next(place for place, title in enumerate(titles) if title.startswith("Moved, now: "))
    assert asked < titles.index("Confirmation by SMS") < moved < titles.index("Time changed by SMS")


def test_the_command_ends_with_0(world: World, child_environment: Callable[..., dict[str, str]]) -> None:
    vendors = vendors_environment(world.vendors.url, world.vendors.smtp_port)
    finished = subprocess.run(
        procfile.manage("demo_call", "--url", world.url),
        cwd=ROOT,
        env=child_environment(**vendors),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "Everything happened as it should." in finished.stdout
