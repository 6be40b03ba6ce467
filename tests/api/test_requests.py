"""A trusted caller asks for an appointment: booked in the background, once, for its own company only."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from appointments import sweepers
from appointments.models import Appointment, DailyCount, FollowUp
from askpro.api.models import ApiToken, Submission
from askpro.queues.ledger import enqueue
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Branch, Company, Customer, Staff
from notifications.models import Notification
from tests.api.conftest import URL, client_with, token_of
from tests.appointments import salon
from tests.appointments.calcom_stub import CalcomStub

Post = Callable[..., Any]
Wish = dict[str, Any]

pytestmark = pytest.mark.usefixtures("clock")


def test_it_books_confirms_and_tells(post: Post, client: Client, wish: Wish, calendar: CalcomStub) -> None:
    answer = post(wish)
    assert answer.status_code == 201
    assert answer.json()["status"] == "open"
    assert [job.actor_name for job in Job.objects.order_by("chain_step")] == [
        "create_appointment_from_request",
        "count_request",
    ]

    run_jobs()

    state = client.get(answer["Location"]).json()
    assert state["status"] == "booked"
    assert state["appointment"]["status"] == "confirmed"
    assert state["appointment"]["starts_at"] == "2026-12-03T14:00:00+01:00"
    assert state["appointment"]["staff"]["name"] == "Mara Buche"
    assert {message["channel"] for message in state["messages"]} == {"sms", "email"}
    appointment = Appointment.objects.get()
    assert (appointment.source, appointment.call) == ("api", None)
    (_, _, booked) = next(each for each in calendar.requests if each[0] == "POST")
    assert booked["attendee"]["email"] == "ole.linde@example.org"
    customer = Customer.objects.get()
    assert (customer.phone, customer.sms_consent_at) == ("+4915550100456", salon.NOW)
    count = DailyCount.objects.get()
    assert (count.calls, count.requests, count.bookings) == (0, 1, 1)


def test_it_hands_over_to_a_person_when_the_time_is_taken(
    post: Post, client: Client, wish: Wish, calendar: CalcomStub
) -> None:
    calendar.taken.add("2026-12-03T13:00:00Z")
    calendar.free = ["2026-12-03T15:00:00.000Z"]

    place = post(wish)["Location"]
    run_jobs()

    state = client.get(place).json()
    assert (state["status"], state["appointment"]["status"]) == ("follow_up", "cancelled")
    (follow_up,) = state["follow_ups"]
    assert (follow_up["reason"], follow_up["status"]) == ("slot_gone", "open")
    assert follow_up["alternatives"] == ["2026-12-03T15:00:00+00:00"]
    assert FollowUp.objects.get().words == "Haarschnitt, 03.12.2026, 14:00"


def test_it_finds_a_known_customer_and_overwrites_nothing(post: Post, wish: Wish, company: Company) -> None:
    known = salon.customer(company, email="alt@example.org")
    post(wish)
    known.refresh_from_db()
    assert BookingRequest.objects.get().customer == known
    assert (known.name, known.email) == ("Ole Linde", "alt@example.org")


def test_it_shows_no_message_to_staff(
    post: Post, client: Client, wish: Wish, company: Company, calendar: CalcomStub
) -> None:
    company.branches.update(notification_email="salon@example.org")
    place = post(wish)["Location"]
    run_jobs()
    assert Notification.objects.filter(kind="staff").exists()
    assert {each["kind"] for each in client.get(place).json()["messages"]} == {"confirmation"}


def test_it_sends_no_sms_without_consent(post: Post, client: Client, wish: Wish, calendar: CalcomStub) -> None:
    place = post(wish | {"sms_consent": False})["Location"]
    run_jobs()
    messages = {each["channel"]: each["status"] for each in client.get(place).json()["messages"]}
    assert messages["sms"] == "skipped"


class TestForgotten:
    def test_a_request_without_a_job_gets_one(self, post: Post, wish: Wish, clock: Any) -> None:
        post(wish)
        Job.objects.all().delete()
        clock.shift(600)
        sweepers.resend_forgotten_requests()
        sweepers.resend_forgotten_requests()
        assert Job.objects.filter(actor_name="create_appointment_from_request").count() == 1

    def test_one_whose_job_is_dead_goes_to_a_person(self, post: Post, client: Client, wish: Wish, clock: Any) -> None:
        place = post(wish)["Location"]
        Job.objects.filter(actor_name="create_appointment_from_request").update(status="dead")
        clock.shift(600)
        sweepers.resend_forgotten_requests()
        state = client.get(place).json()
        assert [each["reason"] for each in state["follow_ups"]] == ["job_dead"]


class TestOnce:
    def test_the_same_key_gives_the_same_request(self, post: Post, wish: Wish) -> None:
        first, second = post(wish, key="a-1"), post(wish, key="a-1")
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["id"] == second.json()["id"]
        assert BookingRequest.objects.count() == 1
        assert Job.objects.filter(actor_name="create_appointment_from_request").count() == 1

    def test_another_key_or_none_makes_another_request(self, post: Post, wish: Wish) -> None:
        for key in ("a-1", "a-2", None, None):
            assert post(wish, key=key).status_code == 201
        assert BookingRequest.objects.count() == 4

    def test_a_key_for_another_body_is_refused(self, post: Post, wish: Wish) -> None:
        post(wish, key="a-1")
        answer = post(wish | {"notes": "Bitte leise."}, key="a-1")
        assert (answer.status_code, answer.json()["error"]) == (422, "key_reused")

    def test_a_key_of_another_company_is_its_own(self, post: Post, wish: Wish) -> None:
        other = salon.branch(salon.company("salon-linde"))
        salon.service(other.company, event_type=99)
        post(wish, key="a-1")
        answer = post(wish, key="a-1", client=client_with(token_of(other.company)[1]))
        assert answer.status_code == 201
        assert set(BookingRequest.objects.values_list("company_id", flat=True)) == {
            other.company_id,
            Company.objects.get(slug="salon-birke").pk,
        }

    def test_a_refused_wish_leaves_its_key_unused(self, post: Post, wish: Wish) -> None:
        assert post(wish | {"service": "Massage"}, key="a-1").status_code == 400
        assert not Submission.objects.exists()
        assert post(wish, key="a-1").status_code == 201

    @pytest.mark.parametrize("key", ["", "x" * 201, "schlüssel", "a\tb"])
    def test_a_key_that_is_none_is_refused(self, post: Post, wish: Wish, key: str) -> None:
        answer = post(wish, key=key)
        assert answer.status_code == 400
        assert "Idempotency-Key" in answer.json()["fields"]


@pytest.mark.django_db(transaction=True)
def test_the_same_key_from_many_at_once_makes_one_request(company: Company, wish: Wish) -> None:
    secret = token_of(company)[1]
    barrier, codes = Barrier(6), []

    def ask() -> None:
        barrier.wait()
        headers = {"Idempotency-Key": "a-1"}
        codes.append(client_with(secret).post(URL, wish, content_type="application/json", headers=headers).status_code)
        connection.close()

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == [200] * 5 + [201]
    assert BookingRequest.objects.count() == Customer.objects.count() == 1
    assert Job.objects.filter(actor_name="create_appointment_from_request").count() == 1


@pytest.mark.django_db(transaction=True)
def test_request_and_jobs_are_one_transaction(post: Post, wish: Wish, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(enqueue, "insert", lambda *_: 1 / 0)
    assert post(wish, key="a-1").status_code == 500
    assert not any(model.objects.exists() for model in (BookingRequest, Submission, Customer, Job))


class TestTenants:
    @pytest.fixture
    def other(self) -> Branch:
        branch = salon.branch(salon.company("salon-linde"))
        salon.staff(branch, calcom_user_id=311, name="Tilda Ahorn").services.add(
            salon.service(branch.company, event_type=99, name="Tönung")
        )
        return branch

    def test_it_reads_no_request_of_another_company(self, post: Post, wish: Wish, other: Branch) -> None:
        place = post(wish)["Location"]
        stranger = client_with(token_of(other.company)[1])
        assert stranger.get(place).status_code == 404

    def test_it_reads_no_request_of_a_call(self, client: Client, company: Company) -> None:
        asked = salon.request(salon.call(company.branches.get()))
        assert client.get(f"{URL}{asked.pk}/").status_code == 404

    @pytest.mark.parametrize("number", ["0", "999999", str(2**63), "9" * 400])
    def test_it_reads_nothing_that_is_not_there(self, client: Client, number: str) -> None:
        assert client.get(f"{URL}{number}/").status_code == 404

    def test_it_books_nothing_of_another_company(self, post: Post, wish: Wish, other: Branch) -> None:
        service, person = other.company.services.get(), Staff.objects.get(branch=other)
        for changes in ({"service": service.pk}, {"service": "Tönung"}, {"staff": person.pk}, {"branch": other.pk}):
            assert post(wish | changes).status_code == 400, changes
        assert not BookingRequest.objects.exists()


class TestChoosing:
    @pytest.mark.parametrize("service", ["HAARSCHNITT", "Haare schneiden"])
    def test_a_service_may_be_named_or_numbered(self, post: Post, wish: Wish, service: str) -> None:
        by_name = post(wish | {"service": service}).json()["service"]
        assert post(wish | {"service": by_name["id"]}).json()["service"] == by_name

    def test_a_person_may_be_wished_for(self, post: Post, wish: Wish) -> None:
        assert post(wish | {"staff": "Mara"}).json()["staff"]["name"] == "Mara Buche"

    def test_the_branch_is_asked_for_when_there_are_several(self, post: Post, wish: Wish, company: Company) -> None:
        second = Branch.objects.create(company=company, name="Nord")
        answer = post(wish)
        assert answer.json()["fields"] == {"branch": ["Name one of the company's branches by its id."]}
        assert post(wish | {"branch": second.pk}).json()["branch"] == {"id": second.pk, "name": "Nord"}


class TestTokens:
    def test_it_refuses_without_a_token(self, company: Company, wish: Wish) -> None:
        answer = Client().post(URL, wish, content_type="application/json")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json()["error"] == "not_authenticated"

    @pytest.mark.parametrize("secret", ["", "askpro_x", "ä" * 20, "x" * 5000, "askpro_\x00"])
    def test_it_refuses_a_wrong_one(self, company: Company, wish: Wish, secret: str) -> None:
        assert client_with(secret).post(URL, wish, content_type="application/json").status_code == 401

    def test_it_refuses_one_that_is_switched_off_and_a_company_that_left(self, company: Company, wish: Wish) -> None:
        _, secret = token_of(company)
        ApiToken.objects.update(is_active=False)
        assert client_with(secret).get(f"{URL}1/").status_code == 401
        ApiToken.objects.update(is_active=True)
        Company.objects.update(is_active=False)
        assert client_with(secret).get(f"{URL}1/").status_code == 401

    def test_a_log_in_of_the_console_is_no_token(self, admin_client: Client, company: Company, wish: Wish) -> None:
        assert admin_client.post(URL, wish, content_type="application/json").status_code == 401

    def test_it_keeps_the_hash_only_and_notes_the_use(self, company: Company) -> None:
        token, secret = token_of(company)
        client_with(secret).get(f"{URL}1/")
        token.refresh_from_db()
        assert token.last_used_at is not None
        assert not any(secret in str(value) for value in vars(token).values())

    def test_it_allows_so_many_a_minute_and_says_when_again(self, company: Company, settings: Any) -> None:
        settings.API_REQUESTS_PER_MINUTE = 5
        first, second = client_with(token_of(company)[1]), client_with(token_of(company)[1])
        codes = [first.get(f"{URL}1/").status_code for _ in range(6)]
        assert codes == [404] * 5 + [429]
        refused = first.get(f"{URL}1/")
        assert 1 <= int(refused["Retry-After"]) <= 12
        assert refused.json()["error"] == "throttled"
        assert second.get(f"{URL}1/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_it_answers_503_while_postgresql_is_away(
    post: Post, wish: Wish, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    connection.close()
    try:
        for answer in (post(wish), client.get(f"{URL}1/")):
            assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
            assert int(answer["Retry-After"]) > 0
    finally:
        monkeypatch.undo()
        connection.close()
