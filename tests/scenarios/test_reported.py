"""What web server and workers say of a person's day, at DEBUG, to Sentry and in the figures: nothing quotes anybody."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from django.db import connection
from django.db.models import Model

from appointments.models import Appointment, Reminder
from appointments.tasks import process_inbound_sms, send_due_reminders
from askpro.correlation import HEADER
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.sandbox.world import TIMEZONE
from askpro.privacy.classes import FIELDS, Holds, Personal
from askpro.queues.models import Job
from tests.scenarios.test_erasure import ask_function
from tests.scenarios.world import World
from tests.sentry_sink import Sink
from tests.stored_models import stored_models
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.xdist_group("scenarios")

# Shorter ones stand in any text.
SHORTEST = 5
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND (relname LIKE 'metrics%' OR relname LIKE '%figure%')"
TELLING = (Holds.WHO, Holds.WORDS, Holds.RAW, Holds.STAFF)


class Said:
    """What was written to the logs since this was made."""

    def __init__(self, world: World) -> None:
        self._logs = (world.queues.log, world.queues.log.with_name("web.log"))
        self._begin = {log: log.stat().st_size for log in self._logs}

    @property
    def text(self) -> str:
        return "\n".join(self._since(log) for log in self._logs)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines() if line.strip()]

    def _since(self, log: Path) -> str:
        return log.read_bytes()[self._begin[log] :].decode()


def test_a_usual_day_warns_of_nothing_and_a_bad_one_quotes_nobody(world: World, sentry: Sink) -> None:
    said, reported = Said(world), len(sentry.bodies)
    call = a_usual_day(world)
    assert [line for line in said.lines if line["level"] not in ("DEBUG", "INFO")] == []
    assert len(sentry.bodies) == reported

    a_bad_day(world, call)
    world.until(lambda: "process_inbound_sms" in {event.get("transaction") for event in sentry.events[reported:]})
    ends = {line["level"] for line in said.lines if line["logger"] == "askpro.queues.worker.consumer"}
    assert ends == {"ERROR"}

    texts = [said.text, b"\n".join(sentry.bodies[reported:]).decode(), *figures()]
    strings = sorted(personal(call))
    assert len(strings) > 30
    assert [string for string in strings if any(string in text.lower() for text in texts)] == []


def test_one_id_leads_from_the_request_through_every_log(world: World) -> None:
    said = Said(world)
    call = world.call()
    world.ring(call)
    world.until_done(world.of(call).is_told)
    # Retell's other events and Cal.com's are requests of their own, and the first that can begins what follows.
    for actor in ("create_appointment_from_call", "send_sms_notification"):
        job = Job.objects.get(actor_name=actor)
        event = WebhookEvent.objects.get(correlation_id=job.options["correlation"])
        story = [line for line in said.lines if line.get("correlation") == str(event.correlation_id)]
        assert {"askpro.incoming.request_log", "askpro.metrics.exchange"} <= {line["logger"] for line in story}
        assert actor in {line.get("actor") for line in story}


def a_usual_day(world: World) -> dict[str, Any]:
    """A call, a booking, a question in the call, a reminder, a move and a cancellation by SMS."""
    call = world.call()
    world.vendors.deliver_call(call, events=())
    world.ring(call)
    world.until_done(world.of(call).is_told)
    remind(world)
    later = world.free_slot(SCENARIOS["booked"].event_type).astimezone(ZoneInfo(TIMEZONE))
    number = call["from_number"]
    world.vendors.inbound_sms(number, f"Bitte Termin verschieben auf {later:%d.%m.} um {later:%H:%M} Uhr")
    world.until_done(lambda: Appointment.objects.filter(starts_at=later, status="confirmed").exists())
    ask_function(world, call)
    world.vendors.inbound_sms(number, "ABSAGE")
    world.until_done(lambda: Appointment.objects.filter(status="cancelled").exists())
    world.until_done(world.of(call).is_told)
    return call


def remind(world: World) -> None:
    reminder = Reminder.objects.filter(state="due").earliest("due_at")
    send_due_reminders.send(now=reminder.due_at.isoformat())
    world.until_done(lambda: not Reminder.objects.filter(pk=reminder.pk, state="due").exists())


def a_bad_day(world: World, call: dict[str, Any]) -> None:
    """A refused key, a job that is about a name, and requests that quote the caller wherever they can."""
    name = "Quendolin Zwirbelmann"
    world.vendors.fault("calcom.create_booking", status=401, times=10)
    world.ring(world.call())
    process_inbound_sms.send_with_options(kwargs={"event_id": name}, max_retries=0)
    world.until(lambda: Job.objects.filter(status="dead").count() >= 2)
    told = {"name": name, "number": call["from_number"], "words": "Lavendelallergie"}
    headers = {"User-Agent": name, "Referer": f"{world.url}/{name}", HEADER: name, "Cookie": f"sessionid={name}"}
    for path in ("admin/", "webhooks/retell/", "api/v1/requests/", f"t/{name}/", name, f"webhooks/twilio/{name}/"):
        requests.get(f"{world.url}/{path}", params=told, headers=headers, timeout=10)
        requests.post(f"{world.url}/{path}", params=told, headers=headers, json=told, timeout=10)
    requests.get(world.url, headers={"Host": "quendolin.example"}, timeout=10)


def personal(call: dict[str, Any]) -> set[str]:
    """What is stored of persons as it could stand in a text: of names and numbers each word."""
    strings = {"quendolin", "zwirbelmann", "lavendelallergie", call["from_number"].lstrip("+")}
    for model in stored_models():
        meant = FIELDS.get(model._meta.label, {})
        names = [name for name, what in meant.items() if isinstance(what, Personal) and what.holds in TELLING]
        for row in model._default_manager.all() if names and model._meta.managed else ():
            strings |= {text for name in names for text in texts_of(row, name)}
    return {each for each in strings if len(each) >= SHORTEST}


def texts_of(row: Model, field: str) -> Iterator[str]:
    is_name = field.endswith(("name", "email", "phone", "number"))
    for text in leaves(getattr(row, field)):
        whole = text.strip().lower()
        # A single word of what was said may be a column, too, or a route.
        yield from whole.split() if is_name else [whole] * (" " in whole)


def leaves(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in leaves(each)]
    if isinstance(value, list):
        return [text for each in value for text in leaves(each)]
    return [value] if isinstance(value, str) else []


def figures() -> list[str]:
    """All that the metrics' tables hold."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        names = [name for (name,) in cursor.fetchall()]
        assert names
        return [text for name in names for text in rows_of(cursor, name)]


def rows_of(cursor: Any, table: str) -> list[str]:
    cursor.execute(f'SELECT to_jsonb("{table}")::text FROM "{table}"')
    return [text.lower() for (text,) in cursor.fetchall()]
