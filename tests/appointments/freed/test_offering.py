"""A freed time goes to one customer after another, each with a deadline, until one takes it or a reason stops it."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment, FollowUp, FreedTime, Offer, Question
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Company, Customer
from notifications.models import Notification
from tests.appointments import salon
from tests.appointments.freed.scene import NO, YES, Scene, go_on, phone_of, texts
from tests.appointments.salon import NOW, WISH

pytestmark = pytest.mark.django_db

DEADLINE = NOW + timedelta(minutes=21)


def test_it_offers_a_cancelled_time_to_the_first_who_asked(scene: Scene) -> None:
    scene.waits(1)
    scene.waits(2)
    scene.cancels()
    run_jobs()
    assert scene.offers() == [(phone_of(1), "open")]
    (message,) = Notification.objects.filter(kind="offer")
    assert message.text == (
        "Salon-Birke: Frei geworden: Do 03.12.2026, 14:00 Uhr, Haarschnitt bei Mara Buche."
        " Ihr Termin? Antworten Sie JA bis 11:20 Uhr. Keine SMS mehr: STOP"
    )
    question = Question.objects.get()
    assert (question.kind, question.number, question.notification) == ("offer", phone_of(1), message)
    assert question.ends_at == DEADLINE


def test_it_asks_the_next_at_the_deadline_and_ends_when_nobody_is_left(scene: Scene, clock: Any) -> None:
    scene.waits(1)
    scene.enters(2)
    scene.cancels()
    run_jobs()
    clock.move_to(DEADLINE - timedelta(seconds=1))
    go_on(scene.freed(), DEADLINE - timedelta(seconds=1))
    assert scene.offers() == [(phone_of(1), "open")]
    clock.move_to(DEADLINE)
    go_on(scene.freed(), DEADLINE)
    run_jobs()
    assert scene.offers() == [(phone_of(1), "expired"), (phone_of(2), "open")]
    clock.move_to(DEADLINE + timedelta(minutes=21))
    go_on(scene.freed(), DEADLINE + timedelta(minutes=21))
    assert scene.offers()[1] == (phone_of(2), "expired")
    assert (scene.freed().state, scene.freed().ending) == ("over", "nobody")


def test_it_books_the_first_yes_and_settles_what_was_waited_for(scene: Scene) -> None:
    follow_up = scene.waits(1)
    scene.cancels()
    run_jobs()
    assert scene.says(1, YES)
    run_jobs()
    booked = Appointment.objects.get(customer=follow_up.customer, status="confirmed")
    assert (booked.starts_at, booked.source) == (WISH, "offer")
    assert scene.offers() == [(phone_of(1), "booked")]
    assert scene.freed().state == "booked"
    follow_up.refresh_from_db()
    assert follow_up.status == "obsolete"
    assert Notification.objects.get(appointment=booked, kind="confirmation", channel="sms").status == "sent"


def test_it_asks_the_next_at_once_when_one_says_no(scene: Scene) -> None:
    scene.waits(1)
    scene.waits(2)
    scene.cancels()
    run_jobs()
    assert scene.says(1, NO)
    run_jobs()
    assert scene.offers() == [(phone_of(1), "declined"), (phone_of(2), "open")]
    assert FollowUp.objects.filter(status="open").count() == 2


def test_it_tells_who_answers_too_late_and_lets_them_wait_on(scene: Scene, clock: Any) -> None:
    follow_up = scene.waits(1)
    scene.waits(2)
    scene.cancels()
    run_jobs()
    clock.move_to(DEADLINE)
    go_on(scene.freed(), DEADLINE)
    assert not scene.says(1, YES)
    assert not scene.says(1, YES)
    run_jobs()
    assert texts("offer_gone") == [phone_of(1)]
    assert Notification.objects.get(kind="offer_gone").text == (
        "Salon-Birke: Das Angebot für Do 03.12.2026, 14:00 Uhr gilt leider nicht mehr. Sie bleiben vorgemerkt."
        " Keine SMS mehr: STOP"
    )
    follow_up.refresh_from_db()
    assert follow_up.status == "open"
    assert scene.offers()[1] == (phone_of(2), "open")


def test_a_time_that_is_gone_when_it_is_booked_is_a_normal_outcome(scene: Scene) -> None:
    follow_up = scene.waits(1)
    scene.cancels()
    run_jobs()
    scene.calendar.taken.add("2026-12-03T13:00:00Z")
    assert scene.says(1, YES)
    run_jobs()
    assert scene.offers() == [(phone_of(1), "gone")]
    assert (scene.freed().state, scene.freed().ending) == ("over", "taken")
    assert texts("offer_gone") == [phone_of(1)]
    assert list(FollowUp.objects.values_list("pk", "status")) == [(follow_up.pk, "open")]
    assert BookingRequest.objects.latest("id").status == "dropped"


def test_a_booking_that_needs_a_person_ends_the_offers(scene: Scene) -> None:
    scene.waits(1)
    scene.waits(2)
    scene.cancels()
    run_jobs()
    Company.objects.update(books_appointments=True)
    scene.service.is_active = False
    scene.service.save()
    assert scene.says(1, YES)
    run_jobs()
    assert scene.offers() == [(phone_of(1), "handed_over")]
    assert scene.freed().ending == "handed_over"
    (follow_up,) = FollowUp.objects.filter(status="open", customer__phone=phone_of(1))
    assert follow_up.reason == "unknown_service"


@pytest.mark.parametrize(
    ("values", "ending"),
    [
        ({"offers_freed_times": False}, "switched_off"),
        ({"is_active": False}, "switched_off"),
        ({"books_appointments": False}, "switched_off"),
        ({"sms_enabled": False}, "no_sms"),
    ],
)
def test_it_stops_and_withdraws_the_offer_when_the_company_changes_its_mind(
    scene: Scene, values: dict[str, Any], ending: str
) -> None:
    scene.waits(1)
    scene.cancels()
    run_jobs()
    Company.objects.update(**values)
    go_on(scene.freed(), NOW)
    assert (scene.freed().state, scene.freed().ending) == ("over", ending)
    assert scene.offers() == [(phone_of(1), "withdrawn")]
    assert Question.objects.get().state == "withdrawn"
    assert not scene.says(1, YES)
    assert not BookingRequest.objects.filter(call=None).exists()


def test_it_offers_no_time_that_is_too_near(scene: Scene, clock: Any) -> None:
    scene.waits(1)
    clock.move_to(WISH - timedelta(minutes=139))
    scene.cancels()
    run_jobs()
    assert scene.offers() == []
    assert scene.freed().ending == "too_near"


def test_it_offers_no_time_that_calcom_does_not_offer(scene: Scene) -> None:
    scene.waits(1)
    scene.cancels()
    scene.calendar.free = []
    run_jobs()
    assert scene.offers() == []
    assert scene.freed().ending == "not_free"


def test_it_withdraws_an_offer_of_a_time_that_somebody_else_took(scene: Scene) -> None:
    scene.waits(1)
    scene.cancels()
    run_jobs()
    taken_by(scene, salon.customer(scene.company, "+4915550100999"))
    go_on(scene.freed(), NOW)
    assert scene.freed().ending == "taken"
    assert scene.offers() == [(phone_of(1), "withdrawn")]


def test_it_waits_for_the_end_of_the_quiet_hours(scene: Scene, clock: Any) -> None:
    scene.waits(1)
    evening = NOW.replace(hour=20, minute=30)
    clock.move_to(evening)
    scene.cancels()
    run_jobs()
    assert scene.offers() == []
    assert scene.freed().due_at == (NOW + timedelta(days=1)).replace(hour=7)
    clock.move_to(scene.freed().due_at)
    go_on(scene.freed(), scene.freed().due_at)
    run_jobs()
    assert scene.offers() == [(phone_of(1), "open")]


def test_it_passes_over_who_may_not_be_asked_and_says_why(scene: Scene) -> None:
    scene.waits(1)
    scene.waits(2)
    scene.waits(3)
    scene.enters(4)
    scene.enters(5)
    Customer.objects.filter(phone=phone_of(1)).update(sms_consent_at=None)
    taken_by(scene, Customer.objects.get(phone=phone_of(2)), minutes=30, staff=None)
    Question.ask(
        number=phone_of(3),
        sender=scene.company.sms_sender,
        kind=Question.Kind.REMINDER,
        company=scene.company,
        ends_at=NOW + timedelta(hours=5),
    )
    Customer.objects.filter(phone=phone_of(4)).update(phone="+493055500104")
    scene.cancels()
    run_jobs()
    told = list(Offer.objects.order_by("id").values_list("state", "why"))
    assert told == [
        ("skipped", "no_consent"),
        ("skipped", "has_appointment"),
        ("skipped", "asked_else"),
        ("skipped", "no_mobile"),
        ("open", ""),
    ]
    assert Offer.objects.all()[1].why_told("de") == "Der Kunde hat zu dieser Zeit einen anderen Termin."


def test_it_never_has_two_offers_open_with_one_number(scene: Scene) -> None:
    scene.enters(1)
    scene.cancels()
    scene.calendar.free.append("2026-12-03T15:00:00Z")
    run_jobs()
    later = FreedTime.objects.create(
        company=scene.company,
        appointment=scene.appointment,
        branch=scene.branch,
        service=scene.service,
        staff=scene.staff,
        starts_at=WISH + timedelta(hours=2),
        ends_at=WISH + timedelta(hours=2, minutes=45),
    )
    go_on(later, NOW)
    assert [(offer.state, offer.why) for offer in later.offers.all()] == [("skipped", "asked_else")]


def test_it_passes_over_whom_no_message_reaches(scene: Scene) -> None:
    scene.waits(1)
    scene.waits(2)
    scene.cancels()
    run_jobs()
    message = Notification.objects.get(kind="offer")
    Notification.objects.update(status="failed", reason="stopped")
    go_on(scene.freed(), NOW)
    assert message.offer is not None
    message.offer.refresh_from_db()
    assert (message.offer.state, message.offer.why) == ("skipped", "stopped")
    assert scene.offers()[1] == (phone_of(2), "open")


def taken_by(scene: Scene, customer: Customer, minutes: int = 0, **values: Any) -> Appointment:
    values = {"staff": scene.staff} | values
    begin = WISH + timedelta(minutes=minutes)
    return Appointment.objects.create(
        company=scene.company,
        branch=scene.branch,
        customer=customer,
        service=scene.service,
        starts_at=begin,
        ends_at=begin + timedelta(minutes=45),
        status=Appointment.Status.CONFIRMED,
        calcom_uid=f"other{Appointment.objects.count()}",
        **values,
    )
