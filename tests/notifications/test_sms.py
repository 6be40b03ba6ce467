"""Sending an SMS: the sixth scenario of the order, and what surrounds it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
import time_machine

from appointments.models import Appointment, Change
from askpro import gates
from askpro.queues.errors import GateShut, RateLimited, Rejected, Release, Unavailable, Unknown
from calls.models import Customer
from notifications import outbox
from notifications.models import Notification
from notifications.opt_outs import has_opted_out, opt_out
from notifications.relevance import PATIENCE
from notifications.sweepers import resend_forgotten
from notifications.tasks import send_email_notification, send_sms_notification
from notifications.why import Why
from tests.gates import shut
from tests.notifications.ladder import live
from tests.notifications.scene import MOBILE, NOW, announced
from tests.notifications.twilio_api import (
    ACCOUNT,
    SERVICE,
    TwilioApi,
    error,
    timeout_after_accepting,
    timeout_before_accepting,
)

Status = Notification.Status
SMS = Notification.Channel.SMS


def test_it_sends_once_and_records_the_answer(sms: Notification, twilio: TwilioApi, clock: Any) -> None:
    life = live(send_sms_notification, clock, notification_id=sms.pk)
    assert (life.status, life.tries) == ("completed", 1)
    sms.refresh_from_db()
    assert (sms.status, sms.provider_id, sms.provider_status) == (
        Status.SENT,
        twilio.messages[0]["sid"],
        "accepted",
    )
    assert sms.text == twilio.messages[0]["body"]
    assert sms.text.startswith("Haarstudio Lindenblatt: Ihr Termin ist bestätigt: Do 03.12.2026, 14:00 Uhr")


def test_it_sends_the_form_that_twilio_wants(sms: Notification, twilio: TwilioApi) -> None:
    send_sms_notification(sms.pk)
    form = twilio.requests[0]
    assert form.pop("Body") == Notification.objects.get(pk=sms.pk).text
    assert form == {
        "To": MOBILE,
        "MessagingServiceSid": SERVICE,
        "StatusCallback": f"https://askpro.example/webhooks/twilio/status/?ref={sms.reference}#rc=3&rp=ct,rt,5xx",
        "ValidityPeriod": "14400",
        "SmartEncoded": "true",
    }


def test_it_sends_from_the_company_number_when_there_is_one(sms: Notification, twilio: TwilioApi) -> None:
    sms.company.sms_sender = "+493023125210"
    sms.company.save()
    send_sms_notification(sms.pk)
    assert twilio.requests[0]["From"] == "+493023125210"
    assert "MessagingServiceSid" not in twilio.requests[0]


def test_it_is_valid_no_longer_than_until_the_appointment(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 12, 3, 12, 30, tzinfo=UTC))
    send_sms_notification(sms.pk)
    assert twilio.requests[0]["ValidityPeriod"] == "1800"


def test_it_does_nothing_when_run_again(sms: Notification, twilio: TwilioApi) -> None:
    send_sms_notification(sms.pk)
    send_sms_notification(sms.pk)
    assert len(twilio.requests) == 1


def test_scenario_06_it_tries_an_invalid_number_once(sms: Notification, twilio: TwilioApi, clock: Any) -> None:
    twilio.will(error(21211))
    life = live(send_sms_notification, clock, notification_id=sms.pk)
    assert (life.status, life.tries, len(twilio.requests)) == ("completed", 1, 1)
    sms.refresh_from_db()
    assert (sms.status, sms.error_code, sms.why()) == (Status.FAILED, "21211", "Die Nummer gibt es nicht (21211).")


def test_it_leaves_a_dead_number_alone_afterwards(
    sms: Notification, twilio: TwilioApi, appointment: Appointment
) -> None:
    twilio.will(error(21614))
    send_sms_notification(sms.pk)
    Appointment.objects.filter(pk=appointment.pk).update(version=2)
    appointment.refresh_from_db()
    later = announced(appointment, SMS, "rescheduled")
    assert (later.status, later.reason) == (Status.SKIPPED, Why.TOOK_NO_SMS)


def test_scenario_06_it_waits_without_spending_a_try_when_twilio_is_busy(
    sms: Notification, twilio: TwilioApi, clock: Any
) -> None:
    twilio.will(error(20429, 429, Retry_After="7"), error(20429, 429), error(21611, 429))
    life = live(send_sms_notification, clock, notification_id=sms.pk)
    assert (life.status, life.tries, len(twilio.messages)) == ("completed", 1, 1)
    named, unnamed, queue_full = life.releases
    assert 7 <= named <= 9
    assert 8 <= unnamed <= 12
    assert queue_full >= 180


def test_scenario_06_it_is_sent_later_when_twilio_is_down_for_five_minutes(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    twilio.is_down = True
    with pytest.raises(Unknown):
        send_sms_notification(sms.pk)
    assert Notification.objects.get(pk=sms.pk).status == Status.UNKNOWN
    clock.shift(timedelta(seconds=45))
    # The search fails too: nothing is sent, and nothing is forgotten.
    with pytest.raises(Unavailable):
        send_sms_notification(sms.pk)
    clock.shift(timedelta(minutes=5))
    twilio.is_down = False
    send_sms_notification(sms.pk)
    assert Notification.objects.get(pk=sms.pk).status == Status.SENT
    assert len(twilio.messages) == 1


def test_its_ladder_outlasts_five_minutes_at_the_shortest() -> None:
    assert sum(send_sms_notification.word("backoff")) * 0.8 > 5 * 60 * 1000


def test_it_waits_for_a_refused_connection_without_any_doubt(sms: Notification, twilio: TwilioApi) -> None:
    twilio.will(requests.ConnectTimeout("no route"))
    with pytest.raises(Unavailable):
        send_sms_notification(sms.pk)
    assert Notification.objects.get(pk=sms.pk).status == Status.PENDING


def test_scenario_06_it_does_not_send_twice_when_the_answer_was_lost(
    sms: Notification, twilio: TwilioApi, clock: Any
) -> None:
    twilio.will(timeout_after_accepting)
    life = live(send_sms_notification, clock, notification_id=sms.pk)
    assert (life.status, life.tries, len(twilio.messages)) == ("completed", 2, 1)
    sms.refresh_from_db()
    assert (sms.status, sms.provider_id) == (Status.SENT, twilio.messages[0]["sid"])


def test_it_sends_again_when_the_request_was_lost(sms: Notification, twilio: TwilioApi, clock: Any) -> None:
    twilio.will(timeout_before_accepting)
    life = live(send_sms_notification, clock, notification_id=sms.pk)
    assert (life.status, life.tries, len(twilio.messages)) == ("completed", 2, 1)
    assert Notification.objects.get(pk=sms.pk).attempts == 2


def test_it_does_not_send_twice_when_the_accepting_answer_is_unreadable(
    sms: Notification, twilio: TwilioApi, clock: Any
) -> None:
    def accepts_with_a_proxy_page(api: TwilioApi, form: dict[str, str]) -> Any:
        api.accept(form)
        return (201, {}, "<html>")

    twilio.will(accepts_with_a_proxy_page)
    life = live(send_sms_notification, clock, notification_id=sms.pk)
    assert (life.status, len(twilio.messages)) == ("completed", 1)


def test_it_looks_first_when_a_worker_died_while_sending(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    sms.claim(text="Haarstudio: Termin", sender=SERVICE)
    twilio.accept({"Body": "Haarstudio: Termin", "To": MOBILE})
    with pytest.raises(Release) as waiting:
        send_sms_notification(sms.pk)
    assert waiting.value.after == 35
    clock.shift(timedelta(seconds=35))
    send_sms_notification(sms.pk)
    assert len(twilio.messages) == 1
    assert twilio.requests == []
    assert Notification.objects.get(pk=sms.pk).status == Status.SENT


def test_it_does_not_take_another_message_for_its_own(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller, appointment: Appointment
) -> None:
    twin = Appointment.objects.get(pk=appointment.pk)
    twin.pk, twin.booking_key, twin.call = None, sms.reference, None
    twin.save()
    other = announced(twin, SMS)
    send_sms_notification(other.pk)
    text = Notification.objects.get(pk=other.pk).text
    sms.claim(text=text, sender=SERVICE)
    clock.shift(timedelta(seconds=125))
    send_sms_notification(sms.pk)
    assert len(twilio.messages) == 2


def test_it_does_not_take_yesterdays_message_for_its_own(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    twilio.accept({"Body": "Haarstudio: Termin", "To": MOBILE})
    clock.shift(timedelta(hours=2))
    sms.claim(text="Haarstudio: Termin", sender=SERVICE)
    clock.shift(timedelta(seconds=125))
    send_sms_notification(sms.pk)
    assert len(twilio.messages) == 2


def test_it_records_a_failure_that_it_finds_while_looking(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    sms.claim(text="Haarstudio: Termin", sender=SERVICE)
    message = twilio.accept({"Body": "Haarstudio: Termin", "To": MOBILE})
    message |= {"status": "undelivered", "error_code": 30006}
    clock.shift(timedelta(seconds=125))
    send_sms_notification(sms.pk)
    sms.refresh_from_db()
    assert (sms.status, sms.error_code) == (Status.FAILED, "30006")


def test_scenario_06_it_stops_for_good_when_the_recipient_opted_out_at_twilio(
    sms: Notification, twilio: TwilioApi, customer: Customer, appointment: Appointment
) -> None:
    twilio.will(error(21610))
    send_sms_notification(sms.pk)
    assert has_opted_out(MOBILE, sms.company)
    Appointment.objects.filter(pk=appointment.pk).update(version=2)
    appointment.refresh_from_db()
    later = announced(appointment, SMS, "rescheduled")
    assert (later.status, later.reason) == (Status.SKIPPED, Why.STOPPED)


def test_it_does_not_send_when_stop_came_between_writing_and_sending(
    sms: Notification, twilio: TwilioApi, customer: Customer
) -> None:
    opt_out(MOBILE, [SERVICE])
    send_sms_notification(sms.pk)
    assert twilio.requests == []
    assert Notification.objects.get(pk=sms.pk).status == Status.SKIPPED


def test_it_does_not_send_to_a_number_that_said_stop_as_somebody_else(sms: Notification, twilio: TwilioApi) -> None:
    Customer.objects.create(company=sms.company, contact_phone=MOBILE)
    opt_out(MOBILE, [SERVICE])
    send_sms_notification(sms.pk)
    assert twilio.requests == []


def test_scenario_06_it_waits_for_the_morning_when_it_is_half_past_ten_at_night(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 12, 1, 21, 30, tzinfo=UTC))
    life = live(send_sms_notification, clock, notification_id=sms.pk)
    assert (life.status, life.tries, life.releases) == ("completed", 1, [9.5 * 3600])
    sent_at = Notification.objects.get(pk=sms.pk).sent_at
    assert sent_at == datetime(2026, 12, 2, 7, 0, tzinfo=UTC)


def test_it_says_why_it_waits_at_night(sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller) -> None:
    clock.move_to(datetime(2026, 12, 1, 21, 30, tzinfo=UTC))
    with pytest.raises(Release):
        send_sms_notification(sms.pk)
    assert Notification.objects.get(pk=sms.pk).why() == "Ruhezeit: geht um 08:00 Uhr hinaus."


def test_scenario_06_it_is_dropped_when_the_appointment_begins_before_the_morning(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller, appointment: Appointment
) -> None:
    clock.move_to(datetime(2026, 12, 1, 21, 30, tzinfo=UTC))
    early = datetime(2026, 12, 2, 6, 30, tzinfo=UTC)
    Appointment.objects.filter(pk=appointment.pk).update(starts_at=early, ends_at=early + timedelta(minutes=30))
    send_sms_notification(sms.pk)
    assert twilio.requests == []
    sms.refresh_from_db()
    assert (sms.status, sms.reason) == (
        Status.SKIPPED,
        Why.BEGINS_IN_QUIET,
    )


def test_it_follows_the_zone_of_the_branch(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller, appointment: Appointment
) -> None:
    assert appointment.branch is not None
    appointment.branch.timezone = "America/New_York"
    appointment.branch.save()
    # 03:00 in Berlin is 21:00 in New York, 02:30 is 20:30.
    clock.move_to(datetime(2026, 12, 2, 1, 30, tzinfo=UTC))
    send_sms_notification(sms.pk)
    assert len(twilio.messages) == 1


def test_it_sends_no_more_than_three_to_a_number_and_day(
    sms: Notification, twilio: TwilioApi, appointment: Appointment, clock: time_machine.Traveller
) -> None:
    send_sms_notification(sms.pk)
    for _ in range(3):
        send_sms_notification(announced(another(appointment), SMS).pk)
    assert len(twilio.messages) == 3
    last = Notification.objects.filter(channel=SMS).first()
    assert last is not None and (last.status, last.reason) == (Status.SKIPPED, Why.ENOUGH_TODAY)
    clock.move_to(datetime(2026, 12, 2, 9, 0, tzinfo=UTC))
    send_sms_notification(announced(another(appointment), SMS).pk)
    assert len(twilio.messages) == 4


def another(appointment: Appointment) -> Appointment:
    """One more of the same customer."""
    start = appointment.starts_at + timedelta(days=Appointment.objects.count())
    values = {"pk": None, "booking_key": uuid4(), "starts_at": start, "ends_at": start + timedelta(minutes=30)}
    row = Appointment.objects.get(pk=appointment.pk)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row


def test_what_changes_a_known_appointment_always_goes_out(
    sms: Notification, twilio: TwilioApi, appointment: Appointment
) -> None:
    send_sms_notification(sms.pk)
    for version in range(2, 7):
        kind = "cancellation" if version == 6 else "rescheduled"
        status = "cancelled" if version == 6 else "confirmed"
        Appointment.objects.filter(pk=appointment.pk).update(version=version, status=status)
        appointment.refresh_from_db()
        outbox.announce(appointment, kind)
        row = Notification.objects.get(appointment=appointment, channel=SMS, version=version)
        send_sms_notification(row.pk)
    assert len(twilio.messages) == 6


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 2}, Why.CHANGED_SINCE),
        ({"status": "cancelled"}, Why.NOT_TRUE),
        (
            {"starts_at": NOW - timedelta(minutes=5)},
            Why.HAS_BEGUN,
        ),
    ],
)
def test_it_is_skipped_when_the_appointment_moved_on(
    sms: Notification, twilio: TwilioApi, change: dict[str, Any], why: Why
) -> None:
    Appointment.objects.filter(pk=sms.appointment_id).update(**change)
    send_sms_notification(sms.pk)
    assert twilio.requests == []
    sms.refresh_from_db()
    assert (sms.status, sms.reason) == (Status.SKIPPED, why)


@pytest.mark.parametrize("ends_as", [Change.State.DONE, Change.State.REFUSED, None])
def test_nothing_is_confirmed_that_is_being_cancelled(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller, ends_as: Change.State | None
) -> None:
    appointment = sms.appointment
    assert appointment is not None
    change = Change.objects.create(
        company=sms.company, appointment=appointment, kind="cancel", channel="sms", before=appointment.starts_at
    )
    email = Notification.objects.get(appointment=appointment, kind=sms.kind, channel="email")
    for message, send in ((sms, send_sms_notification), (email, send_email_notification)):
        with pytest.raises(Release, match="being cancelled"):
            send(message.pk)
    if ends_as is not None:
        change.end(ends_as)
    else:
        clock.shift(PATIENCE)
    if ends_as == Change.State.DONE:
        Appointment.objects.update(status=Appointment.Status.CANCELLED)
    send_sms_notification(sms.pk)
    assert len(twilio.messages) == (0 if ends_as == Change.State.DONE else 1)


def test_it_calls_people_when_the_account_is_refused(sms: Notification, twilio: TwilioApi, clock: Any) -> None:
    twilio.will(error(20003, 401))
    life = live(send_sms_notification, clock, notification_id=sms.pk)
    assert (life.status, life.tries) == ("dead", 1)
    assert isinstance(life.errors[0], Rejected)
    # Once the token is right, retrying the dead job sends the message.
    send_sms_notification(sms.pk)
    assert Notification.objects.get(pk=sms.pk).status == Status.SENT


def test_it_calls_people_when_no_sender_is_set(sms: Notification, twilio: TwilioApi, settings: Any) -> None:
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    with pytest.raises(Rejected, match="TWILIO_MESSAGING_SERVICE_SID"):
        send_sms_notification(sms.pk)
    assert Notification.objects.get(pk=sms.pk).status == Status.PENDING


def test_it_names_nobody_in_its_errors(sms: Notification, twilio: TwilioApi, clock: Any) -> None:
    twilio.will(error(21606), timeout_before_accepting, error(20429, 429))
    texts: list[str] = []
    for _ in range(3):
        try:
            send_sms_notification(sms.pk)
        except (RateLimited, Rejected, Unknown) as raised:
            texts.append(f"{raised}")
        Notification.objects.filter(pk=sms.pk).update(status=Status.PENDING)
    assert len(texts) == 3
    assert not any(MOBILE[3:] in text or "wording of" in text for text in texts)


@pytest.mark.parametrize("lost", [timeout_before_accepting, timeout_after_accepting])
def test_it_is_handed_over_five_times_at_most_whatever_twilio_answers(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller, lost: Any
) -> None:
    twilio.will(*[lost] * 50)
    for _ in range(6):
        live(send_sms_notification, clock, notification_id=sms.pk)
        clock.shift(timedelta(hours=1))
        resend_forgotten()
    assert len(twilio.messages) <= 1
    assert len(twilio.requests) == (5 if lost is timeout_before_accepting else 1)
    sms.refresh_from_db()
    assert sms.status == (Status.FAILED if lost is timeout_before_accepting else Status.SENT)


def test_it_looks_again_before_it_sends_again_what_twilio_takes_late(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    twilio.will(timeout_before_accepting)
    with pytest.raises(Unknown):
        send_sms_notification(sms.pk)
    clock.shift(timedelta(seconds=50))
    with pytest.raises(Release):
        send_sms_notification(sms.pk)
    twilio.accept(twilio.requests[0])
    clock.shift(timedelta(seconds=75))
    send_sms_notification(sms.pk)
    assert len(twilio.requests) == 1
    assert Notification.objects.get(pk=sms.pk).status == Status.SENT


def test_while_twilio_is_away_it_waits_at_the_gate_and_asks_nobody(
    sms: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    shut(gates.twilio(ACCOUNT))
    with pytest.raises(GateShut):
        send_sms_notification(sms.pk)
    sms.refresh_from_db()
    assert (sms.status, twilio.requests) == (Status.PENDING, [])
    # It runs now and then, so that a message that is no longer true does not wait until Twilio is back.
    clock.move_to(Appointment.objects.get().starts_at + timedelta(minutes=1))
    send_sms_notification(sms.pk)
    sms.refresh_from_db()
    assert sms.status == Status.SKIPPED


def test_a_full_queue_of_one_sender_keeps_no_other_waiting(sms: Notification, twilio: TwilioApi) -> None:
    twilio.will(error(21611, 429))
    with pytest.raises(RateLimited) as limited:
        send_sms_notification(sms.pk)
    assert limited.value.parking is None
    send_sms_notification(sms.pk)
    assert len(twilio.messages) == 1
