"""Companies' own texts go out in place of the shipped ones."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outgoing

from appointments.models import Appointment, FollowUp
from notifications.links import link_for
from notifications.models import MessageTemplate, Notification
from notifications.own_texts import own_text
from notifications.tasks import send_email_notification, send_sms_notification
from tests.notifications.scene import announced, change
from tests.notifications.twilio_api import TwilioApi


def own(appointment: Appointment, **values: Any) -> MessageTemplate:
    defaults = {"kind": "confirmation", "channel": "sms", "text": "Bis {when}[ bei {staff}]!", "is_active": True}
    return MessageTemplate.objects.create(company=appointment.company, **(defaults | values))


def test_an_sms_says_it_in_the_companys_words(appointment: Appointment, sms: Notification, twilio: TwilioApi) -> None:
    own(appointment)
    send_sms_notification(sms.pk)
    assert twilio.messages[0]["body"] == "Bis Do 03.12.2026, 14:00 Uhr bei Anouk Weidner!"


def test_a_mail_says_it_above_the_facts_which_stay(appointment: Appointment, email: Notification) -> None:
    text = "{greeting}\n\nwir freuen uns\nsehr!\n\n\n[Ihr Team in {branch}]"
    own(appointment, channel="email", subject="Bis {date}, {time}", text=text)
    send_email_notification(email.pk)
    [message] = outgoing.outbox
    assert message.subject == "Bis Donnerstag, 03.12.2026, 14:00 Uhr"
    assert "Guten Tag Jördis Ampel,\n\nwir freuen uns\nsehr!\n\nIhr Team in Mitte\n\nWann: Donnerstag" in message.body
    assert f"Ansehen, ändern oder absagen: {link_for(appointment)}\n" in message.body
    assert f'href="{link_for(appointment)}"' in message.alternatives[0][0]


@pytest.mark.parametrize(
    "other", [{"language": "en"}, {"kind": "rescheduled"}, {"channel": "email", "subject": "x"}, {"is_active": False}]
)
def test_a_text_is_for_its_own_messages_alone(
    appointment: Appointment, sms: Notification, other: dict[str, Any]
) -> None:
    own(appointment, **other)
    assert own_text(sms) is None


def test_one_that_cannot_be_filled_any_more_is_replaced_and_staff_are_told_once(
    appointment: Appointment, sms: Notification, twilio: TwilioApi
) -> None:
    template = own(appointment, text="Bis {when} {gone}!")
    send_sms_notification(sms.pk)
    assert "Ihr Termin ist bestätigt" in twilio.messages[0]["body"]
    template.refresh_from_db()
    follow_up = FollowUp.objects.get(reason="text_unusable")
    assert (template.is_active, follow_up.company) == (False, appointment.company)
    assert "Ihr eigener Text" in follow_up.told()
    assert Notification.objects.filter(follow_up=follow_up, channel="email").exists()
    assert own_text(sms) is None
    assert FollowUp.objects.count() == 1


def test_names_of_strangers_stay_harmless_in_a_companys_text(appointment: Appointment, email: Notification) -> None:
    text = "Hallo[ {customer}]! <b>{company}</b>"
    own(appointment, channel="email", subject="Hallo[ {customer}]", text=text)
    change(appointment, attendee_name="{company} https://evil.example <script>")
    send_email_notification(email.pk)
    [message] = outgoing.outbox
    assert message.subject == "Hallo"
    assert "evil" not in message.body + message.alternatives[0][0]
    assert "&lt;b&gt;Haarstudio" in message.alternatives[0][0]


def test_what_a_company_writes_into_names_is_no_variable(
    appointment: Appointment, sms: Notification, twilio: TwilioApi
) -> None:
    own(appointment, text="{company}: {when}")
    appointment.company.name = "[{staff}] {when}"
    appointment.company.save()
    send_sms_notification(sms.pk)
    assert twilio.messages[0]["body"].startswith("[{staff}] {when}: Do 03.12.2026")


def test_a_time_before_is_named_where_it_moved(appointment: Appointment, twilio: TwilioApi) -> None:
    own(appointment, kind="rescheduled", text="{when}[ statt {before}]")
    before = appointment.starts_at - timedelta(days=1)
    row = announced(change(appointment, version=2, previous_starts_at=before), "sms", "rescheduled")
    send_sms_notification(row.pk)
    assert twilio.messages[0]["body"] == "Do 03.12.2026, 14:00 Uhr statt Mi 02.12.2026, 14:00 Uhr"
