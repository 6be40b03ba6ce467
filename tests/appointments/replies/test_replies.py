"""What customers answer by SMS."""

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from appointments.models import Appointment, FollowUp
from appointments.tasks import process_inbound_sms
from askpro.queues.models import Job
from calls.models import Company, Customer
from notifications.models import Notification, OptOut
from notifications.opt_outs import has_opted_out
from notifications.tasks import process_twilio_webhook, send_sms_notification
from notifications.why import Why
from tests.notifications.scene import MOBILE, NOW, announced
from tests.notifications.twilio_api import NUMBER, SERVICE, TwilioApi, fixture
from webhooks.models import WebhookEvent

Answer = Callable[..., WebhookEvent]


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
def sent(sms: Notification, twilio: TwilioApi) -> Notification:
    send_sms_notification(sms.pk)
    return sms


STOPS = [
    "STOP",
    "stop",
    " Stopp! ",
    "StopAll",
    "SMS STOP",
    "Abmelden.",
    "stop bitte",
    "Bitte STOP!",
    "REVOKE",
    "optout",
]
STOPS += ["unsubscribe", "END", "quit", "Bitte keine SMS mehr, danke", "Opt-out"]


@pytest.mark.parametrize("body", STOPS)
def test_scenario_06_stop_is_an_opt_out_and_nothing_else(
    sent: Notification, answer: Answer, company: Company, appointment: Appointment, body: str
) -> None:
    stored = answer(body)
    assert (stored.status, stored.company_id) == ("processed", company.pk)
    assert has_opted_out(MOBILE, company)
    appointment.refresh_from_db()
    assert appointment.status == Appointment.Status.CONFIRMED
    assert not FollowUp.objects.exclude(reason="untold").exists()


@pytest.mark.parametrize(
    "body", ["Bitte nicht stoppen", "stop by tomorrow", "Ende gut", "keine Zeit", "bitte", "cancel"]
)
def test_other_words_are_no_opt_out(sent: Notification, answer: Answer, company: Company, body: str) -> None:
    answer(body)
    assert not has_opted_out(MOBILE, company)


def test_it_believes_twilios_own_reading(sent: Notification, answer: Answer, company: Company) -> None:
    answer("Bitte nicht mehr", OptOutType="STOP")
    assert has_opted_out(MOBILE, company)


def test_it_opts_in_again(sent: Notification, answer: Answer, company: Company) -> None:
    answer("STOP")
    answer("Start")
    assert not has_opted_out(MOBILE, company)


def test_it_holds_for_who_is_no_customer_yet(answer: Answer, company: Company, appointment: Appointment) -> None:
    Customer.objects.update(phone=None)
    answer("STOP")
    Customer.objects.update(phone=MOBILE)
    row = announced(Appointment.objects.get(), Notification.Channel.SMS)
    assert (row.status, row.reason) == (Notification.Status.SKIPPED, Why.STOPPED)


def test_it_holds_for_a_number_and_a_sender_alone(sent: Notification, answer: Answer, company: Company) -> None:
    sharing = Company.objects.create(name="Praxis am Wall", slug="wall", sms_sender=SERVICE)
    other = Company.objects.create(name="Praxis am Tor", slug="tor", sms_sender="+493023125299")
    answer("STOP")
    assert has_opted_out(MOBILE, company) and has_opted_out(MOBILE, sharing)
    assert not has_opted_out(MOBILE, other) and not has_opted_out(MOBILE + "1", company)


def test_it_holds_although_nobody_sends_from_there_yet(answer: Answer, company: Company) -> None:
    answer("STOP", To="+493023125299", MessagingServiceSid="")
    company.sms_sender = "+493023125299"
    assert has_opted_out(MOBILE, company)


@pytest.mark.django_db
def test_what_customers_answered_before_is_taken_over() -> None:
    migration = import_module("notifications.migrations.0005_opt_outs")
    firm = SimpleNamespace(sms_sender="SalonGruen")
    rows = [
        SimpleNamespace(company=firm, phone=MOBILE, contact_phone=""),
        SimpleNamespace(company=SimpleNamespace(sms_sender=""), phone=None, contact_phone=MOBILE),
    ]
    asked = SimpleNamespace(filter=lambda **_: asked, select_related=lambda _: asked, iterator=lambda: iter(rows))
    models = {"Customer": SimpleNamespace(objects=asked), "OptOut": OptOut}
    migration.take_over(SimpleNamespace(get_model=lambda _, name: models[name]), None)
    assert set(OptOut.objects.values_list("number", "sender")) == {(MOBILE, "SalonGruen"), (MOBILE, SERVICE)}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("Ich würde gern verschieben", "answered"),
        ("Verschieben auf irgendwann", "wants_to_move"),
        ("Vielen Dank, bis dann!", "answered"),
        ("Bitte nicht absagen, ich komme", "answered"),
    ],
)
def test_it_hands_words_to_a_person(
    sent: Notification, answer: Answer, appointment: Appointment, body: str, detail: str
) -> None:
    stored = answer(body)
    assert stored.status == "processed"
    [opened] = FollowUp.objects.all()
    assert (opened.reason, opened.words, opened.detail) == ("callback", body.strip(), detail)
    assert (opened.appointment, opened.customer, opened.call_id) == (
        appointment,
        appointment.customer,
        appointment.call_id,
    )
    assert Notification.objects.filter(follow_up=opened, kind="staff").count() == 1
    appointment.refresh_from_db()
    assert appointment.status == Appointment.Status.CONFIRMED


def test_it_opens_no_second_one_when_replayed(sent: Notification, answer: Answer) -> None:
    stored = answer("Ich komme später")
    WebhookEvent.objects.filter(pk=stored.pk).update(status="received")
    process_inbound_sms(event_id=stored.pk)
    assert FollowUp.objects.count() == 1


@pytest.mark.django_db
def test_a_job_of_an_earlier_release_hands_it_to_the_one_that_reads_answers(event: Callable[..., WebhookEvent]) -> None:
    stored = event(fixture("inbound_message.json"))
    process_twilio_webhook(event_id=stored.pk)
    stored.refresh_from_db()
    job = Job.objects.get()
    assert (job.actor_name, job.kwargs, stored.status) == ("process_inbound_sms", {"event_id": stored.pk}, "received")


def test_it_knows_the_company_by_its_number_alone(company: Company, answer: Answer, clock: Any) -> None:
    company.sms_sender = NUMBER
    company.save()
    answer("Haben Sie heute offen?", MessagingServiceSid="")
    [opened] = FollowUp.objects.all()
    assert (opened.company, opened.appointment, opened.customer) == (company, None, None)
    assert opened.told("en") == f"Answered by SMS from {MOBILE}.", "or nobody could call back"


def test_it_is_due_when_the_branch_is_open_when_it_came_in_the_night(
    sent: Notification, answer: Answer, appointment: Appointment, clock: Any
) -> None:
    assert appointment.branch is not None
    appointment.branch.opening_hours = {day: [["09:00", "18:00"]] for day in ("mo", "di", "mi", "do", "fr", "sa", "so")}
    appointment.branch.save()
    clock.move_to(NOW.replace(hour=22))
    answer("Ich komme später")
    due = FollowUp.objects.get().due_at.astimezone(appointment.branch.zone)
    assert (due.hour, due.minute) == (9, 0)


def test_it_still_knows_who_was_written_to_when_their_number_has_changed_since(
    sent: Notification, answer: Answer, customer: Customer
) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone=None, contact_phone="")
    answer("Ich komme später")
    assert FollowUp.objects.get().customer == customer


def test_it_guesses_no_company(company: Company, answer: Answer) -> None:
    assert answer("Hallo", To="+493023125250", MessagingServiceSid="").status == "unassigned"
    for slug in ("a", "b"):
        Company.objects.create(name=slug, slug=slug, sms_sender=NUMBER)
    assert answer("Hallo", MessagingServiceSid="").status == "unassigned"
    assert not FollowUp.objects.exists()


@pytest.mark.parametrize("fields", [{"Body": ""}, {"Body": "INFO", "OptOutType": "HELP"}])
def test_it_leaves_what_nobody_has_to_read(sent: Notification, answer: Answer, fields: dict[str, str]) -> None:
    assert answer(fields.pop("Body"), **fields).status == "ignored"


@pytest.mark.parametrize("body", ["\x00Hallo\x00", "🎉" * 2000, "x" * 10_000, "a\u200bb\u2028"])
def test_it_stores_whatever_it_is_told(sent: Notification, answer: Answer, body: str) -> None:
    assert answer(body).status == "processed"


@pytest.mark.parametrize("name", ["From", "To", "MessagingServiceSid", "OptOutType"])
@pytest.mark.parametrize("value", ["", "\x00", "x" * 5000, "' OR 1=1 --"])
def test_it_comes_to_an_end_whatever_a_field_holds(sent: Notification, answer: Answer, name: str, value: str) -> None:
    assert answer("STOP", **{name: value}).status in ("processed", "unassigned", "ignored")
