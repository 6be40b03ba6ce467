"""What reports say, and that they go out as every mail does."""

from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from typing import Any

import pytest
from django.core import mail as outgoing
from PIL import Image

from appointments.models import Appointment
from askpro.queues.models import Job
from calls.models import Branch, Call, Company
from notifications.models import Notification
from notifications.reports import chart
from notifications.reports.chart import Bar
from notifications.sweepers import resend_forgotten
from notifications.tasks import send_due_reports, send_report
from notifications.text.places import spoken_number
from tests.notifications.reports.test_numbers import called, followed_up
from tests.notifications.scene import MOBILE, NOW

# 20:00 in Berlin.
EVENING = NOW + timedelta(hours=10)


@pytest.fixture
def reported(branch: Branch, clock: Any) -> Branch:
    company = branch.company
    company.report_emails, company.daily_report = "chefin@lindenblatt.example.org", True
    company.save()
    clock.move_to(EVENING)
    return branch


def sent(now: Any = EVENING) -> EmailMessage:
    """The one mail that the scheduled job leads to, as it comes from the wire."""
    send_due_reports(now=now.isoformat())
    notification = Notification.objects.get(kind="report")
    send_report(notification_id=notification.pk, company_id=notification.company_id)
    notification.refresh_from_db()
    assert notification.status == Notification.Status.SENT
    [message] = outgoing.outbox
    return message_from_bytes(message.message().as_bytes(linesep="\r\n"), policy=policy.default)


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_the_evening_has_the_numbers_and_what_waits(reported: Branch) -> None:
    called(reported, outcome="booked", cost_usd=Decimal("0.45"), duration_ms=200_000)
    called(reported, outcome="no_request")
    late = followed_up(reported, due_at=NOW)
    message = sent()
    assert message["To"] == "chefin@lindenblatt.example.org"
    assert message["Subject"] == "Ihr Dienstag, 01.12.2026: 2 Anrufe, 1 gebucht"
    text = text_of(message)
    for line in (
        "Gezählt am Dienstag, 01.12.2026, 20:00 Uhr.",
        "Anrufe: 2",
        "Gebucht: 1",
        "Minuten am Telefon: 5",
        "Kosten der Anrufe: 0,45\xa0$ (Anrufe ohne Angabe: 1)",
        "Kosten der SMS: keine",
        "Wartet auf einen Menschen: 1, davon überfällig: 1",
        "- Rückruf gewünscht, Rückruf bis Di 01.12.2026, 10:00 Uhr",
        f"https://askpro.example/admin/appointments/followup/{late.pk}/change/",
    ):
        assert line in text, line


def test_it_shows_the_week_as_a_picture_of_its_own(reported: Branch) -> None:
    called(reported, outcome="booked")
    message = sent()
    assert message.get_content_type() == "multipart/related"
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<week>", "inline")
    assert Image.open(BytesIO(picture.get_content())).size == (chart.WIDTH, chart.HEIGHT)
    html = text_of(message, "html")
    alt = "Anrufe und Buchungen der letzten sieben Tage: Mi 0/0, Do 0/0, Fr 0/0, Sa 0/0, So 0/0, Mo 0/0, Di 1/1."
    assert f'<img src="cid:week" alt="{alt}"' in html and "http" not in html.replace("https://askpro.example", "")


def test_the_bars_are_as_high_as_the_numbers() -> None:
    picture = Image.open(BytesIO(chart.png([Bar("Mo", 4, 2), Bar("Di", 0, 0)]))).convert("RGB")
    middle = chart.WIDTH // 4

    def height(x: int, colour: str) -> int:
        wanted = tuple(bytes.fromhex(colour[1:]))
        return sum(picture.getpixel((x, y)) == wanted for y in range(chart.HEIGHT))

    whole = chart.BOTTOM - chart.TOP
    assert abs(height(middle - 10, chart.ALL) - whole) <= 2
    assert abs(height(middle + 10, chart.PART) - whole // 2) <= 2
    assert height(3 * middle - 10, chart.ALL) == 0
    # No call at all, and none of a library's errors.
    assert chart.png([Bar("Mo", 0, 0)]).startswith(b"\x89PNG")


def test_in_english(reported: Branch) -> None:
    company = reported.company
    company.language = "en"
    company.save()
    message = sent()
    assert message["Subject"] == "Your Tuesday, 1 December 2026: 0 calls, 0 booked"
    assert "Cost of the calls: $0.00" in text_of(message) and "Nothing waits for a person." in text_of(message)


def test_the_week_adds_its_days(reported: Branch, clock: Any) -> None:
    company = reported.company
    company.daily_report, company.weekly_report = False, True
    company.save()
    monday = NOW - timedelta(days=1)
    for ago in (1, 7, 8):
        called(reported, monday - timedelta(days=ago), outcome="booked")
    message = sent(monday)
    assert message["Subject"] == "Ihre Woche ab Montag, 23.11.2026: 2 Anrufe, 2 gebucht"


def test_a_report_that_the_server_does_not_take_is_sent_later(reported: Branch, clock: Any) -> None:
    """Its job dies; the sweeper finds the row, and what goes out then has the numbers of then."""
    send_due_reports(now=EVENING.isoformat())
    notification = Notification.objects.get()
    Job.objects.filter(actor_name="send_report").delete()
    clock.shift(timedelta(minutes=5))
    called(reported, outcome="booked")
    assert resend_forgotten() == 1
    assert Job.objects.get(actor_name="send_report").queue_name == "low"
    send_report(notification_id=notification.pk)
    assert "1 Anrufe" in outgoing.outbox[0].subject
    assert resend_forgotten() == 0


@pytest.fixture
def told(appointment: Appointment, clock: Any) -> Call:
    """A call that led to an appointment on Thursday."""
    call = appointment.call
    assert call is not None
    Company.objects.update(call_summaries=True)
    Call.objects.filter(pk=call.pk).update(
        status="analyzed",
        outcome="booked",
        started_at=NOW - timedelta(minutes=5),
        extracted_at=NOW,
        duration_ms=125_000,
        transcript="Ich vertrage keine Kamille.",
        summary="Möchte einen Haarschnitt.",
    )
    call.refresh_from_db()
    return call


def test_a_call_is_told_by_what_came_of_it(told: Call) -> None:
    message = sent(NOW)
    assert message["Subject"] == "Anruf: Ein Termin ist gebucht"
    text = text_of(message)
    for line in (
        "Angerufen: Dienstag, 01.12.2026, 09:55 Uhr",
        "Dauer (min): 2:05",
        f"Anrufer: Jördis Ampel, {spoken_number(MOBILE)}",
        "Termin: Donnerstag, 03.12.2026, 14:00 Uhr, Herrenhaarschnitt",
        f"Anruf in AskPro öffnen: https://askpro.example/admin/calls/call/{told.pk}/change/",
    ):
        assert line in text, line
    whole = text + text_of(message, "html")
    assert "Kamille" not in whole and "Möchte" not in whole
    assert message.get_content_type() == "multipart/alternative"


def test_whose_call_it_was_is_not_told_where_it_may_not_be_stored(told: Call) -> None:
    Call.objects.filter(pk=told.pk).update(variables={"storage": "everything_except_pii"})
    whole = text_of(sent(NOW))
    assert "Ampel" not in whole and spoken_number(MOBILE) not in whole and "Termin: Donnerstag" in whole


def test_a_call_that_was_erased_meanwhile_is_not_told(told: Call) -> None:
    send_due_reports(now=NOW.isoformat())
    Call.objects.filter(pk=told.pk).update(erased_at=NOW)
    notification = Notification.objects.get(kind="report")
    send_report(notification_id=notification.pk)
    notification.refresh_from_db()
    assert (notification.status, outgoing.outbox) == ("skipped", [])
