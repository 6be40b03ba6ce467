"""JA, NEIN and ABSAGE: an answer names no question, and means the newest open one of its number at its sender."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from appointments.models import Appointment, Change, FollowUp, Question
from appointments.replies import questions
from appointments.replies.questions import Heard
from appointments.tasks import carry_out_change, process_inbound_sms
from askpro.queues.testing import assert_sent
from calls.models import Company
from notifications import sending
from notifications.models import Notification
from notifications.opt_outs import has_opted_out
from notifications.tasks import send_sms_notification
from tests.notifications.scene import MOBILE, NOW
from tests.notifications.twilio_api import SERVICE, TwilioApi, error, fixture
from webhooks.models import WebhookEvent

Answer = Callable[..., WebhookEvent]

Kind, State = Question.Kind, Question.State


@pytest.fixture
def answer(event: Callable[..., WebhookEvent]) -> Answer:
    """A customer answers, and the job runs."""

    def call(body: str, **fields: str) -> WebhookEvent:
        stored = event(fixture("inbound_message.json") | {"Body": body} | fields)
        process_inbound_sms(event_id=stored.pk)
        stored.refresh_from_db()
        return stored

    return call


@pytest.fixture
def reminded(appointment: Appointment, twilio: TwilioApi) -> Appointment:
    """The appointment, whose customer was reminded by SMS and asked."""
    Appointment.objects.update(calcom_uid="uid0000000000000000001")
    remind(appointment)
    appointment.refresh_from_db()
    return appointment


def remind(appointment: Appointment, kind: str = "reminder") -> Notification:
    draft = Notification(
        company=appointment.company,
        appointment=appointment,
        customer=appointment.customer,
        kind=kind,
        channel="sms",
        version=appointment.version,
        recipient=MOBILE,
    )
    [row] = sending.write([draft])
    send_sms_notification(row.pk)
    row.refresh_from_db()
    return row


def another(appointment: Appointment) -> Appointment:
    """One more appointment of the same customer, a week later."""
    starts_at = appointment.starts_at + timedelta(days=7)
    same = ("company", "branch", "customer", "call", "service", "staff", "status", "attendee_phone")
    values: dict[str, Any] = {name: getattr(appointment, name) for name in same}
    times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
    return Appointment.objects.create(**values, **times, calcom_uid="uid0000000000000000002")


def ask(about: Appointment, kind: Question.Kind, **values: Any) -> Question | None:
    usual = {"number": MOBILE, "sender": SERVICE, "company": about.company, "customer": about.customer}
    return Question.ask(kind=kind, **{**usual, "ends_at": about.starts_at, **values})


YES = [
    "JA",
    "ja!",
    "Ja, bitte",
    "ok",
    "Okay, danke",
    "passt",
    "Ja, das passt.",
    "Ja gerne",
    "yes",
    "\N{THUMBS UP SIGN}",
]


@pytest.mark.parametrize("body", YES)
def test_ja_to_a_reminder_notes_that_the_customer_comes(reminded: Appointment, answer: Answer, body: str) -> None:
    stored = answer(body)
    reminded.refresh_from_db()
    assert reminded.customer_confirmed_at == NOW
    assert (stored.status, stored.company) == ("processed", reminded.company)
    assert Question.objects.get().answer == "yes"
    assert not FollowUp.objects.exists()


@pytest.mark.parametrize("body", ["ABSAGE", "Termin absagen bitte!", "Nein", "nein, danke"])
def test_absage_to_a_reminder_is_asked_back_and_cancels_nothing_yet(
    reminded: Appointment, answer: Answer, twilio: TwilioApi, body: str
) -> None:
    answer(body)
    assert not Change.objects.exists()
    really = Question.objects.get(kind=Kind.CANCEL)
    assert (really.state, really.appointment, really.number) == (State.OPEN, reminded, MOBILE)
    assert really.notification is not None
    send_sms_notification(really.notification.pk)
    said = "Ihren Termin Do 03.12.2026, 14:00 Uhr wirklich absagen? Dann antworten Sie JA. Sonst bleibt er bestehen"
    assert twilio.requests[-1]["Body"] == f"Haarstudio Lindenblatt: {said}"


@pytest.mark.parametrize("again", ["JA", "Absage!"])
def test_who_is_asked_back_and_says_so_again_cancels(reminded: Appointment, answer: Answer, again: str) -> None:
    answer("ABSAGE")
    stored = answer(again)
    change = Change.objects.get()
    assert (change.kind, change.channel, change.appointment, change.reason) == ("cancel", "sms", reminded, again)
    assert (stored.status, stored.company) == ("processed", reminded.company)
    assert_sent(carry_out_change, times=1, change_id=change.pk)
    assert not FollowUp.objects.exists()


def test_nein_leaves_it(reminded: Appointment, answer: Answer) -> None:
    answer("ABSAGE")
    assert answer("NEIN").status == "processed"
    assert not Change.objects.exists() and not FollowUp.objects.exists()
    answer("ABSAGE")
    assert Change.objects.get().kind == "cancel", "asked back once, the customer means it"


def test_silence_leaves_it_and_a_person_reads_what_comes_too_late(
    reminded: Appointment, answer: Answer, clock: Any
) -> None:
    answer("ABSAGE")
    clock.shift(timedelta(hours=13))
    answer("JA")
    assert not Change.objects.exists()
    assert FollowUp.objects.get().words == "JA"


def test_the_question_back_goes_out_at_night_when_the_answer_came_then(
    reminded: Appointment, answer: Answer, twilio: TwilioApi, clock: Any
) -> None:
    clock.move_to(NOW.replace(hour=22))
    answer("ABSAGE")
    really = Notification.objects.get(kind="cancel_question")
    send_sms_notification(really.pk)
    assert len(twilio.requests) == 2


def test_what_a_person_must_decide_is_not_asked_back(reminded: Appointment, answer: Answer) -> None:
    reminded.company.change_notice_minutes = 60 * 24 * 14
    reminded.company.save()
    answer("ABSAGE")
    assert FollowUp.objects.get().detail == "change_notice"
    assert not Notification.objects.filter(kind="cancel_question").exists()


def test_an_answer_means_the_newest_question(reminded: Appointment, answer: Answer) -> None:
    other = another(reminded)
    remind(other)
    answer("JA")
    other.refresh_from_db()
    reminded.refresh_from_db()
    assert (other.customer_confirmed_at, reminded.customer_confirmed_at) == (NOW, None)


def test_with_several_ahead_absage_is_asked_back_about_the_one_the_newest_question_was_about(
    reminded: Appointment, answer: Answer
) -> None:
    remind(another(reminded), "confirmation")
    answer("JA")
    answer("ABSAGE")
    assert Question.objects.get(kind=Kind.CANCEL).appointment == reminded
    assert not FollowUp.objects.exists() and not Change.objects.exists()


def test_the_same_answer_again_is_known(reminded: Appointment, answer: Answer) -> None:
    answer("JA")
    assert answer("Ja!").status == "processed"
    assert not FollowUp.objects.exists()


def test_ja_without_a_question_goes_to_a_person(appointment: Appointment, answer: Answer, company: Company) -> None:
    Company.objects.update(sms_sender=SERVICE)
    answer("JA")
    assert FollowUp.objects.get().words == "JA"


@pytest.mark.parametrize(
    "body", ["Ja, aber erst um 15 Uhr", "Nein, ich komme später", "jain", "JA oder ABSAGE", "Absage?? ja?"]
)
def test_anything_else_goes_to_a_person_and_the_question_stays_open(
    reminded: Appointment, answer: Answer, body: str
) -> None:
    answer(body)
    assert FollowUp.objects.get().words == body
    assert Question.objects.get().state == State.OPEN
    assert not Change.objects.exists()


def test_stop_is_no_answer(reminded: Appointment, answer: Answer, company: Company) -> None:
    answer("STOP")
    assert has_opted_out(MOBILE, company)
    assert Question.objects.get().answer == ""


def test_yes_which_twilio_takes_for_opting_in_is_an_answer_all_the_same(reminded: Appointment, answer: Answer) -> None:
    answer("YES", OptOutType="START")
    reminded.refresh_from_db()
    assert reminded.customer_confirmed_at == NOW


def test_others_cannot_answer(reminded: Appointment, answer: Answer) -> None:
    answer("JA", From="+4915550100778")
    answer("JA", To="+493023125299", MessagingServiceSid="")
    reminded.refresh_from_db()
    assert reminded.customer_confirmed_at is None


def test_after_the_appointment_has_begun_a_person_reads_it(reminded: Appointment, answer: Answer, clock: Any) -> None:
    clock.move_to(reminded.starts_at)
    answer("JA")
    reminded.refresh_from_db()
    assert reminded.customer_confirmed_at is None
    assert FollowUp.objects.get().words == "JA"


def test_a_part_of_the_product_hears_the_answers_to_its_own_questions(
    appointment: Appointment, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Company.objects.update(sms_sender=SERVICE)
    heard: list[Heard] = []
    monkeypatch.setattr(questions, "_HANDLERS", {})
    questions.answers(Kind.OFFER)(lambda one: heard.append(one) or "Noted.")  # type: ignore[func-returns-value]
    offered = ask(appointment, Kind.OFFER)
    assert answer("JA").reason == "Noted."
    assert [(one.question, one.answer) for one in heard] == [(offered, "yes")]


def test_an_offer_and_a_reminder_are_never_open_together(reminded: Appointment) -> None:
    assert ask(reminded, Kind.OFFER) is None
    Question.withdraw(appointment=reminded)
    assert ask(reminded, Kind.OFFER) is not None
    assert ask(reminded, Kind.REMINDER, appointment=reminded) is None
    assert ask(reminded, Kind.REMINDER, appointment=reminded, number="+4915550100778") is not None


def test_a_reminder_goes_out_without_a_question_while_an_offer_is_open(
    appointment: Appointment, twilio: TwilioApi
) -> None:
    offered = ask(appointment, Kind.OFFER)
    remind(appointment)
    assert "Antworten" not in twilio.requests[0]["Body"]
    assert list(Question.objects.all()) == [offered]


def test_a_newer_reminder_replaces_the_question(reminded: Appointment) -> None:
    remind(reminded, "last_reminder")
    assert list(Question.objects.order_by("id").values_list("state", flat=True)) == ["withdrawn", "open"]


def test_who_has_confirmed_is_not_asked_again(reminded: Appointment, answer: Answer, twilio: TwilioApi) -> None:
    answer("JA")
    remind(Appointment.objects.get(), "last_reminder")
    assert "Antworten" not in twilio.requests[-1]["Body"]


def test_a_reminder_that_is_not_taken_asks_nothing(appointment: Appointment, twilio: TwilioApi) -> None:
    twilio.will(error(21211))
    assert remind(appointment).status == "failed"
    assert Question.objects.get().state == State.WITHDRAWN


def test_a_question_ends(reminded: Appointment) -> None:
    assert Question.expire(reminded.starts_at - timedelta(seconds=1)) == 0
    assert Question.expire(reminded.starts_at) == 1
    assert Question.open_for(MOBILE, SERVICE) is None


@pytest.mark.django_db(transaction=True)
def test_two_kinds_asked_at_the_same_time_are_one_question(company: Company, clock: Any) -> None:
    def open_one(kind: Question.Kind) -> None:
        Question.ask(kind=kind, number=MOBILE, sender=SERVICE, company=company, ends_at=NOW + timedelta(hours=1))
        connection.close()

    threads = [threading.Thread(target=open_one, args=(kind,)) for kind in (Kind.OFFER, Kind.REMINDER) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(Question.objects.values_list("kind", flat=True))) == 1
