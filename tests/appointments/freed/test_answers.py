"""What customers answer by SMS, through the job that works on their messages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from appointments.booking.pressed import Effect, press
from appointments.models import Appointment, FollowUp, Offer
from appointments.tasks import process_inbound_sms
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Customer
from notifications.models import OptOut
from tests.appointments import salon
from tests.appointments.freed.scene import SENDER, Scene, go_on, phone_of, texts
from tests.appointments.freed.test_offering import DEADLINE
from tests.appointments.salon import WISH
from tests.notifications.conftest import event  # noqa: F401 - a fixture
from tests.notifications.twilio_api import fixture
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db

Answer = Callable[..., WebhookEvent]


@pytest.fixture
def answer(event: Callable[..., WebhookEvent]) -> Answer:  # noqa: F811 - the fixture
    """A customer writes, and the job runs."""

    def write(number: int, body: str) -> WebhookEvent:
        stored = event(fixture("inbound_message.json") | {"Body": body, "From": phone_of(number), "To": SENDER})
        process_inbound_sms(event_id=stored.pk)
        stored.refresh_from_db()
        return stored

    return write


@pytest.fixture
def offered(scene: Scene) -> Scene:
    """The time was offered to the first of two."""
    scene.waits(1)
    scene.waits(2)
    scene.cancels()
    run_jobs()
    return scene


@pytest.mark.parametrize("body", ["JA", "Ja, gerne!", "ja bitte", "Passt", "yes"])
def test_a_yes_books_it(offered: Scene, answer: Answer, body: str) -> None:
    stored = answer(1, body)
    run_jobs()
    assert (stored.status, stored.reason) == ("processed", "The freed time is booked by a job.")
    booked = Appointment.objects.get(status="confirmed")
    assert (booked.starts_at, booked.customer and booked.customer.phone) == (WISH, phone_of(1))
    assert offered.freed().state == "booked"


def test_a_yes_said_twice_books_once(offered: Scene, answer: Answer) -> None:
    answer(1, "JA")
    again = answer(1, "Ja")
    run_jobs()
    assert answer(1, "JA").status == again.status == "processed"
    assert BookingRequest.objects.filter(call=None).count() == 1
    assert Appointment.objects.filter(status="confirmed").count() == 1
    assert not FollowUp.objects.filter(reason="callback").exists()
    assert texts("offer_gone") == []


@pytest.mark.parametrize("body", ["NEIN", "Nein danke", "ABSAGE"])
def test_a_no_passes_it_on(offered: Scene, answer: Answer, body: str) -> None:
    stored = answer(1, body)
    run_jobs()
    assert stored.reason == "The freed time goes to the next."
    assert offered.offers() == [(phone_of(1), "declined"), (phone_of(2), "open")]


def test_a_no_after_a_yes_changes_nothing(offered: Scene, answer: Answer) -> None:
    answer(1, "JA")
    answer(1, "NEIN")
    run_jobs()
    assert offered.offers() == [(phone_of(1), "booked")]


def test_absage_of_one_who_has_an_appointment_is_read_by_a_person(offered: Scene, answer: Answer) -> None:
    other = Appointment.objects.create(
        company=offered.company,
        branch=offered.branch,
        customer=Customer.objects.get(phone=phone_of(1)),
        starts_at=WISH + timedelta(days=1),
        ends_at=WISH + timedelta(days=1, hours=1),
        status=Appointment.Status.CONFIRMED,
        calcom_uid="another",
    )
    answer(1, "ABSAGE")
    other.refresh_from_db()
    assert other.status == "confirmed"
    assert FollowUp.objects.get(reason="callback").words == "ABSAGE"
    assert offered.offers() == [(phone_of(1), "open")]


def test_a_yes_in_the_last_minute_counts_and_a_later_one_is_told_so(offered: Scene, answer: Answer, clock: Any) -> None:
    clock.move_to(DEADLINE - timedelta(seconds=1))
    go_on(offered.freed(), DEADLINE - timedelta(seconds=1))
    answer(1, "JA")
    assert offered.offers() == [(phone_of(1), "accepted")]


def test_a_yes_after_the_deadline_is_told_so(offered: Scene, answer: Answer, clock: Any) -> None:
    clock.move_to(DEADLINE)
    stored = answer(1, "JA")
    assert stored.reason == "The offer had ended."
    go_on(offered.freed(), DEADLINE)
    run_jobs()
    assert texts("offer_gone") == [phone_of(1)]
    assert offered.offers() == [(phone_of(1), "expired"), (phone_of(2), "open")]


def test_a_yes_of_one_whom_a_person_has_served_is_told_so(offered: Scene, answer: Answer) -> None:
    FollowUp.objects.filter(customer__phone=phone_of(1)).update(status="done")
    answer(1, "JA")
    assert texts("offer_gone") == [phone_of(1)]
    assert not BookingRequest.objects.filter(call=None).exists()


def test_stop_opts_out_and_books_nothing(offered: Scene, answer: Answer) -> None:
    answer(1, "STOP")
    assert OptOut.objects.filter(number=phone_of(1), sender=SENDER).exists()
    assert offered.offers() == [(phone_of(1), "open")]


def test_who_was_never_asked_is_read_by_a_person(offered: Scene, answer: Answer) -> None:
    answer(2, "JA")
    assert Offer.objects.count() == 1
    assert FollowUp.objects.get(reason="callback").words == "JA"


def test_a_wish_with_a_number_of_its_own_is_asked_and_booked_with_it(scene: Scene, answer: Answer) -> None:
    follow_up = scene.waits(3, contact_phone=phone_of(9), sms_consent=True)
    Customer.objects.update(sms_consent_at=None)
    scene.cancels()
    run_jobs()
    assert texts() == [phone_of(9)]
    answer(9, "JA")
    run_jobs()
    booked = Appointment.objects.get(status="confirmed")
    assert (booked.customer, booked.attendee_phone) == (follow_up.customer, phone_of(9))
    assert texts("confirmation")[0] == phone_of(9)


def test_a_wished_person_is_wished_for_again(scene: Scene, answer: Answer) -> None:
    scene.waits(1, staff=scene.staff)
    scene.cancels()
    run_jobs()
    answer(1, "JA")
    request = BookingRequest.objects.get(call=None)
    assert (request.staff, request.branch, request.service) == (scene.staff, scene.branch, scene.service)
    assert request.where.zone == salon.BERLIN


def test_a_yes_while_staff_book_another_time_is_told_so(offered: Scene, answer: Answer) -> None:
    follow_up = FollowUp.objects.get(customer__phone=phone_of(1))
    request = follow_up.booking_request
    assert request is not None
    pressed = BookingRequest.objects.create(company=offered.company, branch=offered.branch, starts_at=WISH)
    FollowUp.objects.filter(pk=follow_up.pk).update(booking=pressed)
    answer(1, "JA")
    assert texts("offer_gone") == [phone_of(1)]
    assert not Offer.objects.exclude(booking_request=None).exists()


def test_staff_cannot_press_another_time_of_who_has_said_yes(offered: Scene, answer: Answer) -> None:
    follow_up = FollowUp.objects.get(customer__phone=phone_of(1))
    later = WISH + timedelta(hours=1)
    follow_up.alternatives = [later.isoformat()]
    follow_up.save()
    answer(1, "JA")
    assert press(follow_up, later, None, "de").effect == Effect.BUSY
    assert BookingRequest.objects.filter(call=None).count() == 1
