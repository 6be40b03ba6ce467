"""Scenario 10: a person's whole story, an erasure, and then every place that could still tell of the person is read."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from appointments.daily import recount_last_days
from appointments.models import Appointment, DailyCount, FollowUp
from askpro.dev.sandbox.courier import retell_signature
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.demo.callers import Caller
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.sandbox.exchange import compact
from askpro.dev.sandbox.world import TIMEZONE
from askpro.privacy.models import Erasure, Item
from askpro.queues.ids import uuid7
from askpro.queues.models import ArchivedJob, AttemptRow, Job
from calls.models import Call, Company, Customer, FunctionCall
from notifications.models import Notification, OptOut
from tests.scenarios import world as worlds
from tests.scenarios.world import World
from tests.stored_models import stored_models
from webhooks.models import WebhookEvent
from webhooks.tasks import sync_all_retell_calls

pytestmark = pytest.mark.xdist_group("scenarios")

NUMBER = "+4915557654321"
PERSON = Caller("Quendolin", "Zwirbelmann", NUMBER, "quendolin.zwirbelmann@example.org")
WORDS = ("Quendolin", "Zwirbelmann", "Lavendelallergie", "Kratzbürste")
# What all spellings of the number have in common, once blanks and dashes are left out.
TOLD = re.compile("|".join([*WORDS, "1555 ?7654321", "15557654321"]).encode(), re.IGNORECASE)


def test_scenario_10_nothing_is_left_of_an_erased_person_but_the_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worlds, "somebody", lambda: PERSON)
    call = whole_story(world)
    told = {where for where, _ in told_of(world)}
    assert {"Retell", "Twilio", "calls_call", "webhooks_webhookevent", "django_session", "queues_archived_job"} <= told
    before = counted()

    call_command("erase_person", number="01555 / 765 43 21", all_companies=True)
    world.until_done(lambda: not Item.objects.filter(state=Item.State.WAITING).exists())

    assert sorted({f"{where}: {said}" for where, said in told_of(world)}) == []
    assert counted() == before
    assert not [booking for booking in world.vendors.bookings("accepted") if NUMBER in str(booking)]
    held = Erasure.objects.get()
    assert held.state == Erasure.State.PERSON, "Cal.com keeps the cancelled booking"
    assert {*held.items.filter(state=Item.State.PERSON).values_list("place", flat=True)} == {Item.Place.BOOKING}
    mails = Notification.objects.filter(channel="email", sent_at__isnull=False).count()
    assert held.items.filter(place=Item.Place.MAIL, state=Item.State.STAYS).count() == mails > 2
    assert Customer.objects.get().erased_at and OptOut.of(NUMBER).exists()
    it_does_not_come_back(world, call)


def whole_story(world: World) -> dict[str, Any]:
    """A call, another that goes on, functions, a booking, messages, a move, a follow-up, a failed job, STOP, staff."""
    call = world.call()
    world.vendors.deliver_call(call, events=())
    world.ring(call)
    world.until_done(world.of(call).is_told)
    later = world.free_slot(SCENARIOS["booked"].event_type).astimezone(ZoneInfo(TIMEZONE))
    world.vendors.inbound_sms(NUMBER, f"Bitte Termin verschieben auf {later:%d.%m.} um {later:%H:%M} Uhr")
    world.until_done(lambda: Appointment.objects.filter(starts_at=later, status="confirmed").exists())
    world.vendors.inbound_sms(NUMBER, "Wegen meiner Lavendelallergie bitte ohne Duft. Quendolin Zwirbelmann")
    ask_function(world, call)
    world.until_done(FollowUp.objects.filter(status="open").exists)
    world.until_done(world.of(call).is_told)
    world.vendors.inbound_sms(NUMBER, "STOP")
    world.until_done(OptOut.objects.exists)
    a_failed_job(Call.objects.earliest("pk"))
    what_staff_did()
    return call


def ask_function(world: World, call: dict[str, Any]) -> None:
    args = {"name": PERSON.name, "phone": NUMBER, "reason": "Lavendelallergie"}
    second = call | {"call_id": "call_second", "call_status": "ongoing", "end_timestamp": None}
    body = compact({"name": "request_callback", "call": second, "args": args})
    headers = {"X-Retell-Signature": retell_signature(LOCAL["RETELL_API_KEYS"], body)}
    url = f"{world.url}/webhooks/retell/functions/request_callback/"
    assert requests.post(url, body, headers=headers | {"Content-Type": "application/json"}, timeout=10).ok
    assert FunctionCall.objects.exists()


def a_failed_job(call: Call) -> None:
    """What must not be, and is searched for all the same: jobs whose arguments and errors name the person."""
    tags, said = [f"call:{call.pk}"], f"{PERSON.name} hat eine Lavendelallergie"
    wrong = {"number": NUMBER, "also": ["01555 7654321".replace(" ", ""), 4915557654321]}
    over = {"actor_name": "lost", "queue_name": "low", "finished_at": timezone.now()}
    failed = Job.objects.create(status="cancelled", kwargs=wrong, tags=tags, error_message=said, **over)
    AttemptRow.objects.create(job=failed, claim_no=1, outcome="failed", error_message=said, trace=said, log=NUMBER)
    story = {"args": [NUMBER], "kwargs": {}, "error_message": said, "attempts": [{"no": 1, "error_message": said}]}
    moments = {"created_at": timezone.now(), "finished_at": timezone.now()}
    ArchivedJob.objects.create(pk=uuid7(), actor_name="lost", queue_name="low", tags=tags, story=story, **moments)
    Job.objects.create(status="cancelled", args=[PERSON.email], release_reason=f"asked by {PERSON.email}", **over)


def what_staff_did() -> None:
    user = User.objects.create_superuser("lina", password="x")
    client = Client()
    client.force_login(user)
    customer, follow_up = Customer.objects.get(), FollowUp.objects.filter(status="open").first()
    assert follow_up is not None
    page = f"/admin/calls/customer/{customer.pk}/change/"
    form = {"name": PERSON.name, "language": "de", "contact_phone": NUMBER, "email": PERSON.email}
    assert client.post(page, form).status_code in (200, 302)
    LogEntry.objects.log_actions(user.pk, [customer, follow_up], 2, change_message="Eine Kratzbürste.")
    session = client.session
    session["looked_for"] = ["0", NUMBER]
    session.save()
    follow_up.resolve(user, "Frau Zwirbelmann ist eine Kratzbürste.")


def it_does_not_come_back(world: World, call: dict[str, Any]) -> None:
    """Late news and news again: of the call by Retell, of the message by Twilio, of the booking by Cal.com. Retell may
    also list it for some time."""
    world.ring(call)
    world.vendors.deliver_call(call, events=())
    earlier = {name: call[name] - 600_000 for name in ("start_timestamp", "end_timestamp")}
    world.vendors.deliver_call(call | {"call_id": "call_second"} | earlier, events=())
    world.vendors.repeat(world.vendors.deliveries("calcom")[-1])
    world.vendors.repeat(world.vendors.deliveries("twilio")[0])
    sync_all_retell_calls.send(days=3)
    world.until_done(lambda: not WebhookEvent.objects.filter(status="received").exists())
    assert sorted({f"{where}: {said}" for where, said in told_of(world) if where != "Retell"}) == []
    assert not WebhookEvent.objects.filter(fetched=True).exists()
    assert (Customer.objects.count(), Call.objects.count()) == (1, 2)


def told_of(world: World) -> list[tuple[str, str]]:
    """Where the person is still told of, with a few letters of what is said there."""
    places = [*in_tables(), *in_rows(), *in_redis(world)]
    places += [(log.name, log.read_bytes()) for log in (world.queues.log, world.queues.log.with_name("web.log"))]
    places += [("Retell", str(world.vendors.calls()).encode()), ("Twilio", str(world.vendors.messages()).encode())]
    places += [("Twilio", str(world.vendors.received()).encode())]
    return [
        (where, repr(said[max(found.start() - 30, 0) : found.end() + 10]))
        for where, said in places
        for found in TOLD.finditer(said)
    ]


def in_tables() -> list[tuple[str, bytes]]:
    """Every row of every table as PostgreSQL writes it, bytes as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        names = [name for (name,) in cursor.fetchall()]
        rows = []
        for name in names:
            cursor.execute(f'SELECT to_jsonb("{name}")::text FROM "{name}"')
            rows += [(name, text.encode()) for (text,) in cursor.fetchall()]
    return rows


def in_rows() -> list[tuple[str, bytes]]:
    """Every row as the models read it: what is encrypted opened, bytes and sessions as what they say."""
    found = []
    for model in stored_models():
        if model._meta.managed:
            for row in model._default_manager.all():
                values = [getattr(row, field.attname) for field in model._meta.concrete_fields]
                said = b" ".join(
                    v.tobytes() if isinstance(v, memoryview) else bytes(v) if isinstance(v, bytes) else str(v).encode()
                    for v in values
                )
                if hasattr(row, "get_decoded"):
                    said += str(row.get_decoded()).encode()
                found.append((model._meta.db_table, said))
    return found


def in_redis(world: World) -> list[tuple[str, bytes]]:
    found = []
    for key in world.redis.scan_iter():
        kind = world.redis.type(key)
        read = {b"string": world.redis.get, b"hash": world.redis.hgetall, b"set": world.redis.smembers}
        read |= {b"list": lambda key: world.redis.lrange(key, 0, -1)}
        read |= {b"zset": lambda key: world.redis.zrange(key, 0, -1, withscores=True)}
        found.append(("Redis", key + str(read[kind](key)).encode()))
    return found


def counted() -> list[tuple[Any, ...]]:
    for company in Company.objects.all():
        recount_last_days(company)
    fields = ("company", "day", "calls", "requests", "bookings", "follow_ups")
    day = datetime.now(UTC).date()
    assert DailyCount.objects.filter(calls=2, day__gte=day.replace(day=1)).exists()
    return list(DailyCount.objects.order_by("company", "day").values_list(*fields))
