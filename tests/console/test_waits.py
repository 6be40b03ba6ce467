"""What waits for a number, a service, a sender or a handler is offered on the front page, and where that is saved."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.changes.adoption import no_service
from askpro.console import waits
from askpro.console.today.counting import counted
from calls.models import Company, PhoneNumber, Service
from notifications.models import Notification
from notifications.why import Why
from tests.console.tenants import bound
from tests.console.world import World
from tests.webhooks.signing import compact, recorded
from webhooks.models import Provider, WebhookEvent

pytestmark = pytest.mark.django_db
NUMBER = "+493055501999"


def event(vendor: str, status: str, reason: str = "", body: bytes = b"{}", **values: Any) -> WebhookEvent:
    words = {"event_type": "call_ended", "event_key": f"k{WebhookEvent.objects.count()}", "body_sha256": "0" * 64}
    return WebhookEvent.objects.create(
        provider=vendor, status=status, reason=reason, body=body, content_type="application/json", **{**words, **values}
    )


def call_to(number: str) -> bytes:
    payload = recorded("retell", "call_ended")
    payload["call"] |= {"to_number": number, "agent_id": "agent_unknown"}
    return compact(payload)


@pytest.fixture
def waiting(world: World) -> World:
    """One of each kind, and of some kinds others that wait for something else."""
    WebhookEvent.objects.update(status="processed")
    Notification.objects.update(status="sent")
    event("retell", "unassigned", body=call_to(NUMBER))
    event("retell", "unassigned", body=call_to("+493055501998"))
    event("calcom", "unassigned", no_service(777_001), event_type="BOOKING_CREATED")
    event("calcom", "unassigned", no_service(777_002), event_type="BOOKING_CREATED")
    event("twilio", "unassigned", "No company sends from this number.", event_type="message")
    event("retell", "ignored", "Unknown event type.")
    event("retell", "ignored", "Unknown event type.", event_type="call_of_tomorrow")
    event("calcom", "ignored", "Unknown trigger.", event_type="BOOKING_CANCELLED")
    Notification.objects.filter(pk=world.messages[0].pk).update(status="pending", reason=Why.NO_SENDER)
    return world


def offered(client: Client) -> dict[str, str]:
    return {line.name: line.words for line in client.get("/admin/").context["waits"]}


def test_the_front_page_tells_how_many_wait_for_what(admin_client: Client, waiting: World) -> None:
    assert offered(admin_client) == {
        "number": "2 events wait for a phone number.",
        "service": "2 events wait for a service.",
        "answer": "1 answer by SMS waits for the company of its sender.",
        "message": "1 message waits for an SMS sender.",
        "handler-retell": "1 event was ignored, and this release knows its type.",
        "handler-calcom": "1 event was ignored, and this release knows its type.",
    }


def test_each_leads_to_a_repair_that_finds_them(admin_client: Client, waiting: World) -> None:
    for line in admin_client.get("/admin/").context["waits"]:
        page = admin_client.get(line.address)
        assert page.status_code == 200 and not page.context["chosen"].errors, line
        if line.name != "message":
            assert page.context["counted"].total >= 1, line


def test_nothing_is_told_when_nothing_waits(admin_client: Client, world: World) -> None:
    WebhookEvent.objects.update(status="processed")
    assert offered(admin_client) == {}


def said(answer: Any) -> list[str]:
    return [str(each) for each in get_messages(answer.wsgi_request) if "Look at them" in str(each)]


def test_a_number_that_is_entered_offers_its_own_events(admin_client: Client, waiting: World) -> None:
    branch = waiting.companies[0].branches.first()
    form = {"company": branch.company_id, "branch": branch.pk, "number": NUMBER, "is_active": "on"}

    answer = admin_client.post("/admin/calls/phonenumber/add/", form)

    assert PhoneNumber.objects.filter(number=NUMBER).exists(), answer.context and answer.context["adminform"].errors
    (words,) = said(answer)
    assert words.startswith("1 event waits for this number")
    address = words.partition('href="')[2].partition('"')[0]
    ids = parse_qs(urlsplit(address.replace("&amp;", "&")).query)["id"]
    (found,) = WebhookEvent.objects.filter(pk__in=ids)
    assert json.loads(bytes(found.body))["call"]["to_number"] == NUMBER


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda company: Service(company=company, calcom_event_type_id=777_001), "1 event waits for this service."),
        (lambda company: Service(company=company, calcom_event_type_id=777_003), ""),
    ],
)
def test_a_service_offers_what_names_its_event_type(
    admin_user: Any, waiting: World, rf: Any, make: Callable[[Company], Service], words: str
) -> None:
    assert words_for(rf, admin_user, make(waiting.companies[0])) == words


def test_a_company_offers_its_own_messages_and_answers_once_it_has_a_sender(
    admin_user: Any, waiting: World, rf: Any
) -> None:
    mine = waiting.messages[0].company
    other = next(each for each in waiting.companies if each != mine)
    mine.sms_sender, other.sms_sender = "+493055501000", ""
    assert "1 message of this company waits for an SMS sender." in words_for(rf, admin_user, mine)
    assert "1 answer by SMS" in words_for(rf, admin_user, mine)
    assert words_for(rf, admin_user, other) == ""


def words_for(rf: Any, user: Any, row: Any) -> str:
    """What is told to this person after saving the row."""
    from django.contrib.messages.storage.fallback import FallbackStorage

    request = rf.post("/")
    request.user, request.session = user, {}
    request._messages = FallbackStorage(request)
    waits.offer(request, row)
    return " ".join(str(each).partition(" <a")[0] for each in request._messages)


def test_who_is_bound_to_a_company_is_offered_none(waiting: World, rf: Any) -> None:
    user = bound(waiting.companies[0])
    assert waits.asked(user) == {}
    service = Service(company=waiting.companies[0], calcom_event_type_id=777_001)
    assert words_for(rf, user, service) == ""


def test_who_may_see_no_events_is_offered_none(waiting: World, staff_with: Callable[..., Client]) -> None:
    assert offered(staff_with("calls.view_call")) == {}
    assert set(offered(staff_with("queues.view_job"))) == {"message"}


def test_all_are_counted_by_one_statement(admin_user: Any, waiting: World) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        counts = counted(waits.asked(admin_user))
    assert len(queries) == 1 and sum(count.number for count in counts.values()) == 8


@pytest.mark.parametrize("vendor", [Provider.RETELL, Provider.CALCOM])
def test_unknown_types_have_an_index(admin_user: Any, waiting: World, vendor: str) -> None:
    rows = waits.asked(admin_user)[f"waits_handler-{vendor}"]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "webhook_unknown" in rows.order_by().explain()
