"""Reading Twilio's callbacks, with any values in their fields."""

from typing import Any

import pytest

from notifications.twilio.event import LONGEST_WORDS, Kind, Reply, TwilioEvent


@pytest.mark.parametrize(
    ("fields", "kind", "status", "error_code"),
    [
        ({"MessageStatus": "delivered"}, Kind.REPORT, "delivered", None),
        ({"SmsStatus": "undelivered", "ErrorCode": "30003"}, Kind.REPORT, "undelivered", 30003),
        ({"SmsStatus": "received"}, Kind.MESSAGE, "received", None),
        ({"Body": "", "MessageStatus": "sent"}, Kind.MESSAGE, "sent", None),
        ({"CallStatus": "completed"}, Kind.OTHER, "", None),
        ({"MessageStatus": "sent", "ErrorCode": "3e4"}, Kind.REPORT, "sent", None),
        ({"MessageStatus": "sent", "ErrorCode": "٣"}, Kind.REPORT, "sent", None),
        ({"MessageStatus": "sent", "ErrorCode": "1234567"}, Kind.REPORT, "sent", None),
        ({"MessageStatus": "s" * 25}, Kind.OTHER, "", None),
    ],
)
def test_it_tells_a_report_from_a_message(
    fields: dict[str, Any], kind: Kind, status: str, error_code: int | None
) -> None:
    told = TwilioEvent.from_fields(fields)
    assert (told.kind, told.status, told.error_code) == (kind, status, error_code)


@pytest.mark.parametrize(
    ("fields", "sid"),
    [
        ({"MessageSid": "SM1", "SmsSid": "SM2"}, "SM1"),
        ({"SmsSid": "SM2"}, "SM2"),
        ({"MessageSid": "SM\x00"}, ""),
        ({"MessageSid": "S" * 65}, ""),
        ({}, ""),
    ],
)
def test_a_sid_is_kept_whole_or_not_at_all(fields: dict[str, Any], sid: str) -> None:
    assert TwilioEvent.from_fields(fields).sid == sid


def test_a_reply_is_made_fit_for_storing() -> None:
    told = Reply.from_fields({"From": " +4915550100777\x00", "Body": "x" * 9000, "OptOutType": "stop", "To": None})
    assert (told.sender, told.to, told.opt_out_type) == ("+4915550100777", "", "STOP")
    assert told.body == "x" * LONGEST_WORDS
