"""The same request several times at once, and requests that nobody finished."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call
from askpro.dev.sandbox import world
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.management.commands.seed_demo import seed
from askpro.queues.models import Job
from calls.functions.places import place
from calls.models import BookingRequest, Call, Company, FunctionCall
from calls.tasks import process_retell_call_ended, process_retell_call_started
from tests.calls.functions.caller import Conversation
from tests.webhooks.signing import post_retell
from webhooks.models import WebhookEvent

WISH = {"date": "Donnerstag", "time": "14 Uhr", "service": "Färben", "name": "Jürgen Weiß"}


@pytest.fixture
def shop(sandbox: SandboxClient, transactional_db: None) -> Company:
    return seed(world.SALON)


def at_once(questions: list[Callable[[], Any]]) -> list[Any]:
    def ask(question: Callable[[], Any]) -> Any:
        try:
            return question()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(ask, questions))


def test_incident_05_five_repeats_at_once_book_once_and_are_told_the_same(
    shop: Company, sandbox: SandboxClient
) -> None:
    sandbox.fault("calcom.create_booking", latency_ms=400)
    conversation = Conversation().says()
    conversation.last = ("book_appointment", {"call": conversation.told(), "args": WISH})
    told = at_once([conversation.again] * 5)
    assert [answer["status"] for answer in told] == ["booked"] * 5
    assert all(answer == told[0] for answer in told)
    assert (len(sandbox.bookings()), FunctionCall.objects.get().repeats) == (1, 4)


def test_the_same_wish_at_two_places_at_once_is_one_request(shop: Company, sandbox: SandboxClient) -> None:
    first = Conversation().says()
    first.last = ("book_appointment", {"call": first.told(), "args": WISH})
    second = Conversation()
    second.call = first.call
    second.says().says()
    second.last = ("book_appointment", {"call": second.told(), "args": WISH})
    at_once([first.again, second.again])
    assert (len(sandbox.bookings()), BookingRequest.objects.count(), FunctionCall.objects.count()) == (1, 1, 2)


def test_incident_15_a_function_and_the_webhooks_at_once_are_one_call(shop: Company, sandbox: SandboxClient) -> None:
    conversation = Conversation().says()
    conversation.last = ("book_appointment", {"call": conversation.told(), "args": WISH})
    for event, call in (("call_started", conversation.told()), ("call_ended", conversation.ended())):
        assert post_retell({"event": event, "call": call}).status_code == 204
    started, ended = WebhookEvent.objects.order_by("pk")
    works = (
        conversation.again,
        lambda: process_retell_call_started(event_id=started.pk),
        lambda: process_retell_call_ended(event_id=ended.pk),
    )
    at_once([*works, *works])
    assert Call.objects.get().status == Call.Status.ENDED
    assert set(WebhookEvent.objects.values_list("status", flat=True)) == {"processed"}
    assert Job.objects.filter(actor_name="extract_call_data").count() == 1
    assert len(sandbox.bookings()) == Appointment.objects.count() == BookingRequest.objects.count()


def test_ten_callers_who_want_the_same_time_get_it_once(shop: Company, sandbox: SandboxClient) -> None:
    callers = [Conversation(f"+49155501002{n:02}").says() for n in range(10)]
    for caller in callers:
        caller.last = ("book_appointment", {"call": caller.told(), "args": WISH})
    told = at_once([caller.again for caller in callers])
    assert sorted(answer["status"] for answer in told) == ["booked"] + ["gone"] * 9
    assert len(sandbox.bookings("accepted")) == 1
    assert Appointment.objects.filter(status="confirmed").count() == 1


def test_without_a_place_a_repeat_is_told_at_once_that_the_first_is_still_at_work(shop: Company, settings: Any) -> None:
    settings.FUNCTION_PLACES = 0
    conversation = Conversation().says()
    conversation.asks("list_services")
    FunctionCall.objects.update(answer={}, answered_at=None)
    assert conversation.again()["status"] == "still_working"


def test_incident_07_a_request_that_a_dead_process_left_is_taken_over(shop: Company) -> None:
    conversation = Conversation().says()
    first = conversation.asks("list_services")
    FunctionCall.objects.update(answer={}, answered_at=None, taken_at=timezone.now() - timedelta(seconds=20))
    assert conversation.again() == first
    assert Call.objects.count() == 1


def test_without_a_place_everything_is_answered_at_once_by_what_is_known(
    shop: Company, sandbox: SandboxClient, settings: Any
) -> None:
    """As if sixteen others waited for Cal.com already."""
    asked = {name: WISH[name] for name in ("date", "time", "service")}
    settings.FUNCTION_PLACES = 0
    conversation = Conversation().says()
    assert conversation.asks("check_availability", **asked)["status"] == "unavailable"
    settings.FUNCTION_PLACES = 1
    assert conversation.says().asks("check_availability", **asked)["status"] == "free"
    settings.FUNCTION_PLACES = 0
    assert conversation.says().asks("check_availability", **asked)["status"] == "free"
    assert conversation.says().asks("book_appointment", **WISH)["status"] == "pending"
    assert sandbox.bookings() == [] and FollowUp.objects.get().reason == "provider_down"
    create_appointment_from_call(call_id=Call.objects.get().pk)
    assert FollowUp.objects.get(reason="provider_down").status == "obsolete"
    assert conversation.says().asks("book_appointment", **WISH)["status"] == "booked"
    assert conversation.says().asks("cancel_appointment")["status"] == "pending"
    assert len(sandbox.bookings("accepted")) == 1


def test_a_place_is_given_back_whatever_happens(settings: Any) -> None:
    settings.FUNCTION_PLACES = 1
    with pytest.raises(KeyError), place(1) as first:
        assert first
        with place(1) as second:
            assert not second
        raise KeyError
    with place(1) as again:
        assert again


def test_a_company_whose_calendar_hangs_leaves_places_to_the_others(settings: Any) -> None:
    settings.FUNCTION_PLACES = 4
    with ExitStack() as waiting:
        hanging = [waiting.enter_context(place(1)) for _ in range(6)]
        others = [waiting.enter_context(place(company_id)) for company_id in (2, 2, 3)]
    assert (hanging, others) == ([True] * 4 + [False] * 2, [True, False, False])
    with place(1) as again:
        assert again
