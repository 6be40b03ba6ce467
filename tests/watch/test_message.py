"""What people read."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import translation

from askpro.watch import message
from askpro.watch.conditions.base import Condition, Severity
from askpro.watch.conditions.registry import every_condition
from askpro.watch.models import Delivery, Incident, Notice
from tests.watch.made import BEGIN, condition, registered

Kind = Notice.Kind
NOW = BEGIN + timedelta(minutes=12)


def incident(**more) -> Incident:
    values = {"code": "late", "about": "critical", "severity": Severity.CRITICAL, "status": "open", "value": 120.0}
    values |= {"worst": 300.0, "threshold": 30.0, "began_at": BEGIN, "seen_at": NOW, "facts": {"jobs": 7}}
    return Incident(**values | more)


def told(kind: Kind, *incidents: Incident) -> Notice:
    with registered(condition()), override_settings(CONSOLE_URL="https://askpro.example/admin"):
        return message.notice(kind, list(incidents), NOW)


def test_it_says_what_since_when_how_bad_why_what_to_do_and_where() -> None:
    notice = told(Kind.BEGAN, incident())
    assert notice.subject == "CRITICAL Queue critical is late (critical)"
    assert notice.text.splitlines() == [
        "What:     Queue critical is late (critical)",
        "Since:    30.11.2026 13:00:00 CET (12 min)",
        "How bad:  120 (limit 30)",
        "Cause:    7 jobs wait.",
        "To do:    Look.",
        "Look:     https://askpro.example/admin/queues/",
        "Runbook:  deploy/runbook.md#late",
    ]


def test_its_end_says_how_long_it_was_and_how_bad() -> None:
    notice = told(Kind.OVER, incident(status="over", over_at=NOW))
    assert notice.subject == "over: Queue critical is late (critical)"
    assert "Over:     30.11.2026 13:12:00 CET (after 12 min)" in notice.text
    assert "At worst: 300 (limit 30)" in notice.text
    assert "To do" not in notice.text


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (Kind.LASTS, "CRITICAL still: Queue"),
        (Kind.GREW, "CRITICAL worse: Queue"),
        (Kind.ESCALATED, "CRITICAL not acknowledged: Queue"),
        (Kind.MORNING, "CRITICAL 1 since last night: Queue"),
    ],
)
def test_its_subject_says_why_it_comes(kind, subject) -> None:
    assert told(kind, incident()).subject.startswith(subject)


def test_a_group_is_one_message_with_a_paragraph_each_up_to_twenty() -> None:
    notice = told(Kind.BEGAN, *(incident(about=str(n)) for n in range(25)))
    assert notice.text.count("What:") == 20
    assert notice.text.endswith("And 5 more.")
    assert notice.thread is None


@pytest.mark.parametrize("words", ["{lost:g}", "{0}", "{jobs:.2f} {about:d}", "{", "{about.real}", "{jobs[1]}"])
def test_words_that_do_not_fit_their_facts_keep_no_message_from_being_sent(words) -> None:
    with registered(condition(cause=words)):
        assert "What:" in message.notice(Kind.BEGAN, [incident()], NOW).text


def test_a_condition_of_another_release_is_told_by_its_code() -> None:
    with registered():
        assert message.notice(Kind.LASTS, [incident()], NOW).subject == "CRITICAL still: late (critical)"


@pytest.mark.parametrize("about", ["c", "x" * 100])
def test_the_short_form_is_one_sms(about) -> None:
    short = told(Kind.BEGAN, incident(about=about)).short
    assert len(short) <= 160
    assert short.startswith("AskPro CRITICAL Queue")


def test_each_channel_is_told_what_it_is_for() -> None:
    channels = {
        "ALERT_EMAILS": ["ops@askpro.example"],
        "ALERT_SLACK_URL": "https://hooks.example",
        "ALERT_SMS_TO": ["+491", "+492"],
        "ALERT_ESCALATION_EMAILS": ["chief@askpro.example"],
    }

    def whom(kind: Kind, severity: Severity) -> list[str]:
        notice = Notice(kind=kind, severity=severity, created_at=NOW)
        return [str(each) for each in message.deliveries(notice, NOW)]

    with override_settings(**channels):
        assert whom(Kind.BEGAN, Severity.WARNING) == ["email 0", "slack 0"]
        assert whom(Kind.BEGAN, Severity.CRITICAL) == ["email 0", "slack 0", "sms 0", "sms 1"]
        assert whom(Kind.LASTS, Severity.CRITICAL) == ["email 0", "slack 0"]
        assert whom(Kind.ESCALATED, Severity.CRITICAL)[-1] == "escalation 0"
        assert len(whom(Kind.TEST, Severity.CRITICAL)) == 5


@pytest.mark.parametrize("found", every_condition(), ids=lambda each: each.code)
def test_every_condition_has_words(found: Condition) -> None:
    """They are whole sentences, and each of their placeholders is read by name."""
    assert found.title
    assert not found.title.endswith(".")
    for words in (found.cause, found.todo, found.title, found.link):
        assert words.format_map(Anything()) is not None
    assert found.cause
    assert found.todo


def test_a_delivery_knows_its_notice() -> None:
    notice = Notice(kind=Kind.TEST, severity=Severity.CRITICAL, created_at=NOW)
    with override_settings(ALERT_EMAILS=["ops@askpro.example"], ALERT_SLACK_URL="", ALERT_SMS_TO=[]):
        (delivery,) = message.deliveries(notice, NOW)
    assert (delivery.notice, delivery.notice_id) == (notice, notice.pk)
    assert delivery.status == Delivery.Status.WAITING


class Anything(dict):
    """Has every fact, in every format."""

    def __missing__(self, name: str) -> "Anything":
        return self

    def __format__(self, spec: str) -> str:
        return "x"


def test_alerts_have_one_language_whatever_a_reader_has() -> None:
    with translation.override("de"):
        english = told(Kind.BEGAN, incident())
    with override_settings(ALERT_LANGUAGE="de"):
        german = told(Kind.ESCALATED, incident())

    assert english.text.startswith("What:") and english.subject.startswith("CRITICAL ")
    assert german.text.startswith("Was:") and german.subject.startswith("KRITISCH nicht bestätigt: ")
    assert "Zu tun:" in german.text


def test_what_a_condition_says_in_its_facts_is_told_in_the_readers_language() -> None:
    away = Incident(code="postgres_away", about="postgres", facts={"said": "It refuses the log-in"})
    unknown = Incident(code="postgres_away", about="postgres", facts={"said": "of another release"})

    with translation.override("de"):
        assert message.advice(away)[0].startswith("Die Anmeldung wird abgelehnt. Bis PostgreSQL zurück ist")
        assert message.advice(unknown)[0].startswith("of another release. Bis")
    assert message.advice(away)[0].startswith("It refuses the log-in. Until")
