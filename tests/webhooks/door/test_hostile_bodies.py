"""Any signed body gets a clear answer and a visible state, without a traceback, and nothing is lost."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpro.queues import Release
from calls.models import Call
from calls.tasks import extract_call_data, identify_customer, update_customer_from_call
from tests.calls.practice import practice
from tests.webhooks.signing import compact, post_calcom, post_retell, post_twilio, recorded
from webhooks.inbox.jobs import job_of
from webhooks.models import RefusedWebhook, WebhookEvent

pytestmark = pytest.mark.django_db

Status = WebhookEvent.Status
many = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["", "\x00", "\ud800", "🙂👩‍👩‍👧", "Jürgen Weiß", "{{call_id}}", "undefined", "x" * 3000, "‮abc"]),
)
NUMBERS = st.sampled_from([0, -1, True, 1e308, 2**63, 2**64, 10**30, 915_148_800_000, 4_200_000_000_000, 0.1])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of a payload's values; of a list only the first entry."""
    inside = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*before, name)
        yield from paths(inner, (*before, name))


def changed(payload: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The payload with another value at `path`; without it, where the value is the marker itself."""
    whole = copy.deepcopy(payload)
    inside: Any = whole
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    return whole


def refusals() -> int:
    return RefusedWebhook.objects.aggregate(total=Sum("count"))["total"] or 0


def told() -> int:
    """How often an event was stored or counted on a stored one."""
    totals = WebhookEvent.objects.aggregate(events=Count("pk"), again=Sum("duplicates"))
    return int(totals["events"]) + int(totals["again"] or 0)


def work_off(event: WebhookEvent) -> None:
    """Run the event's job and the jobs that follow a call, up to the booking; none may fail."""
    job = job_of(event)
    if event.status != Status.RECEIVED or job is None:
        return
    try:
        with transaction.atomic():
            job(event_id=event.pk)
    except Release:
        return
    event.refresh_from_db()
    assert event.status != Status.RECEIVED
    for call in Call.objects.filter(retell_call_id=event.subject, extracted_at=None):
        for step in (extract_call_data, identify_customer, update_customer_from_call):
            step(call_id=call.pk)


def hold(post: Callable[[Any], Any], body: Any) -> None:
    """Check that it was answered clearly, and stored, counted on a stored event, or counted as refused."""
    refused, stored = refusals(), told()
    answer = post(body)
    if answer.status_code == 400:
        assert (refusals(), told()) == (refused + 1, stored)
        return
    assert answer.status_code in (200, 204)
    assert (refusals(), told()) == (refused, stored + 1)
    event = WebhookEvent.objects.latest("id")
    assert event.status == Status.RECEIVED or event.reason or event.processed_at
    work_off(event)


@pytest.fixture(autouse=True)
def tenant(settings: Any) -> None:
    """The company whose number the recorded calls name; nothing waits for an analysis."""
    settings.ANALYSIS_WAIT = 0
    practice()


RETELL = [
    recorded("retell", name)
    for name in ("call_ended", "call_analyzed", "call_started", "transfer_started", "call_inbound")
]
CALCOM = [recorded("calcom", name) for name in ("BOOKING_CREATED", "BOOKING_RESCHEDULED", "MEETING_ENDED", "PING")]
TWILIO = [recorded("twilio", name) for name in ("status_callback.failed", "inbound_message")]


@many
@given(st.data())
def test_it_takes_any_value_in_any_field_of_retell(data: st.DataObject) -> None:
    payload = data.draw(st.sampled_from(RETELL))
    path = data.draw(st.sampled_from(list(paths(payload))))
    hold(post_retell, json.dumps(changed(payload, path, data.draw(VALUES))).encode())


@many
@given(st.data())
def test_it_takes_any_value_in_any_field_of_calcom(data: st.DataObject) -> None:
    payload = data.draw(st.sampled_from(CALCOM))
    path = data.draw(st.sampled_from(list(paths(payload))))
    hold(post_calcom, json.dumps(changed(payload, path, data.draw(VALUES))).encode())


@many
@given(st.data())
def test_it_takes_any_text_in_any_field_of_twilio(data: st.DataObject) -> None:
    fields = dict(data.draw(st.sampled_from(TWILIO)))
    name = data.draw(st.sampled_from(sorted(fields)))
    fields[name] = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
    if data.draw(st.booleans()):
        del fields[name]
    hold(post_twilio, fields)


@many
@given(st.one_of(st.binary(max_size=60), VALUES.map(lambda value: json.dumps(value).encode())))
def test_it_takes_any_bytes(body: bytes) -> None:
    for post in (post_retell, post_calcom):
        hold(post, body)


DEEP = b'{"event":"call_ended","call":' + b'{"a":' * 100 + b"1" + b"}" * 101


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"call_ended"',
        b"\xff\xfe{}",
        b'{"event":"call_ended\x00"}',
        b'{"event":NaN}',
        b'{"event":-Infinity}',
        b'{"event":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        DEEP,
        "\ufeff{}".encode(),
    ],
    ids=range(14),
)
def test_it_answers_400_and_counts_when_the_body_cannot_be_read(body: bytes) -> None:
    for number, post in enumerate((post_retell, post_calcom), start=1):
        assert post(body).status_code == 400
        assert refusals() == number
    assert set(RefusedWebhook.objects.values_list("reason", flat=True)) == {"malformed"}
    assert not WebhookEvent.objects.exists()


def test_it_is_not_misled_by_brackets_in_a_text() -> None:
    told = recorded("retell", "call_ended")
    told["call"]["transcript"] = "User: " + "[{" * 500
    assert post_retell(told).status_code == 204


@pytest.mark.parametrize("missing", ["call", "call_id"])
def test_it_shows_an_event_as_invalid_when_the_id_is_missing(missing: str) -> None:
    told = recorded("retell", "call_ended")
    del (told if missing == "call" else told["call"])[missing]
    assert post_retell(told).status_code == 204
    event = WebhookEvent.objects.get()
    assert event.status == Status.INVALID and "call_id" in event.reason
    assert event.payload == told, "nothing is lost"


@pytest.mark.parametrize("name", ["call_teleported", "booking.created", "x" * 80])
def test_it_keeps_an_event_of_an_unknown_type_as_ignored(name: str) -> None:
    told = {**recorded("retell", "call_ended"), "event": name}
    assert post_retell(told).status_code == 204
    assert post_calcom({"triggerEvent": name, "createdAt": "2026-12-01T08:00:00Z", "payload": {}}).status_code == 200
    for event in WebhookEvent.objects.all():
        assert (event.status, event.event_type) == (Status.IGNORED, name) and "nknown" in event.reason


def test_it_reads_a_call_whose_fields_stand_beside_the_event() -> None:
    told = recorded("retell", "call_ended")
    assert post_retell({"event": "call_ended", **told["call"]}).status_code == 204
    assert WebhookEvent.objects.get().subject == told["call"]["call_id"]


def test_it_takes_a_form_from_a_calcom_webhook_with_a_template_of_its_own() -> None:
    body = b"triggerEvent=BOOKING_CANCELLED&createdAt=2026-12-01T08%3A00%3A00Z&uid=bQ7rT2xN9kLmPw4ZsV6yHc"
    assert post_calcom(body, content_type="application/x-www-form-urlencoded").status_code == 200
    event = WebhookEvent.objects.get()
    assert (event.status, event.subject) == (Status.RECEIVED, "bQ7rT2xN9kLmPw4ZsV6yHc")


def test_it_stores_umlauts_emoji_and_escapes_byte_by_byte() -> None:
    body = compact({"event": "call_ended", "call": {"call_id": "call_ü1", "a": "🙂", "b": "\x00"}})
    assert post_retell(body).status_code == 204
    assert bytes(WebhookEvent.objects.get().body) == body
