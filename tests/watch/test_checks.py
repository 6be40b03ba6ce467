"""Wrong settings are told with their fix, and never quoted."""

from datetime import UTC, datetime

import pytest
from django.test import override_settings

from askpro.watch import checks
from askpro.watch.quiet import is_quiet, quiet_hours


def ids(found) -> list[str]:
    assert all(each.hint for each in found)
    return [each.id for each in found]


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("ALERT_EMAILS", ["ops@askpro.example"], []),
        ("ALERT_EMAILS", ["Ops <ops@askpro.example>"], ["watch.E004"]),
        ("ALERT_ESCALATION_EMAILS", ["nobody"], ["watch.E004"]),
        ("ALERT_SMS_TO", ["+4915112345678"], []),
        ("ALERT_SMS_TO", ["015112345678"], ["watch.E005"]),
        ("ALERT_SLACK_URL", "https://hooks.slack.example/services/x", []),
        ("ALERT_SLACK_URL", "hooks.slack.example", ["watch.E006"]),
        ("ALERT_SLACK_URL", "https://[", ["watch.E006"]),
    ],
)
def test_recipients(setting, value, expected) -> None:
    with override_settings(**{"ALERT_SMS_FROM": "+493023125199", setting: value}):
        found = checks.check_recipients()
    assert ids(found) == expected
    assert not any(str(value) in str(each) for each in found)


def test_an_sms_needs_a_sender() -> None:
    with override_settings(ALERT_SMS_TO=["+4915112345678"], ALERT_SMS_FROM="", TWILIO_MESSAGING_SERVICE_SID=""):
        assert ids(checks.check_recipients()) == ["watch.E007"]


@pytest.mark.parametrize(
    ("emails", "slack", "expected"),
    [
        ([], "", ["watch.E008"]),
        (["ops@askpro.example"], "", ["watch.W001"]),
        (["ops@askpro.example"], "https://hooks.example", []),
    ],
)
def test_somebody_is_told_by_more_than_one_way(emails, slack, expected) -> None:
    settings = {"ALERT_EMAILS": emails, "ALERT_SLACK_URL": slack, "ALERT_SMS_TO": []}
    with override_settings(ALERT_ESCALATION_EMAILS=["chief@askpro.example"], **settings):
        assert ids(checks.check_channels()) == expected


@pytest.mark.parametrize("text", ["22-7", "22:00-25:00", "night", "22:00–07:00"])
def test_quiet_hours_that_are_none(text) -> None:
    with override_settings(ALERT_QUIET_HOURS=text):
        assert ids(checks.check_quiet_hours()) == ["watch.E003"]


def test_quiet_hours_go_over_midnight_by_the_clock_of_the_installation() -> None:
    with override_settings(ALERT_QUIET_HOURS="22:00-07:00", TIME_ZONE="Europe/Berlin"):
        quiet = [hour for hour in range(24) if is_quiet(datetime(2026, 11, 30, hour, tzinfo=UTC))]
        summer = [hour for hour in range(24) if is_quiet(datetime(2026, 7, 1, hour, tzinfo=UTC))]
    assert quiet == [0, 1, 2, 3, 4, 5, 21, 22, 23]
    assert summer == [0, 1, 2, 3, 4, 20, 21, 22, 23]


@pytest.mark.parametrize(("text", "expected"), [("12:00-14:00", [12, 13]), ("", []), ("12:00-12:00", [])])
def test_quiet_hours_within_a_day_and_none(text, expected) -> None:
    with override_settings(ALERT_QUIET_HOURS=text, TIME_ZONE="UTC"):
        assert [hour for hour in range(24) if is_quiet(datetime(2026, 11, 30, hour, tzinfo=UTC))] == expected
    assert quiet_hours("") is None


def test_thresholds_are_an_object() -> None:
    with override_settings(WATCH_THRESHOLDS=[1]):
        assert ids(checks.check_thresholds()) == ["watch.E002"]
