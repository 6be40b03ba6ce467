from pathlib import Path

import pytest
from django.utils import translation

from calls.models import Ending, Review, ending_in_words
from calls.retell.disconnection import Disconnection, classify


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("user_hangup", Disconnection.TALKED),
        ("transfer_cancelled", Disconnection.TALKED),
        ("voicemail_reached", Disconnection.MACHINE),
        ("user_requested_callback", Disconnection.WISH),
        ("user_requested_dnc", Disconnection.WISH),
        ("dial_no_answer", Disconnection.NOT_CONNECTED),
        ("error_user_not_joined", Disconnection.NOT_CONNECTED),
        ("no_valid_payment", Disconnection.LIMIT),
        ("sip_routing_error", Disconnection.CARRIER),
        ("error_asr", Disconnection.VENDOR_ERROR),
        ("error_of_next_year", Disconnection.UNKNOWN),
        ("", Disconnection.UNKNOWN),
        ("USER_HANGUP", Disconnection.UNKNOWN),
    ],
)
def test_it_names_the_kind_of_end(reason: str, kind: Disconnection) -> None:
    assert classify(reason) is kind


def test_it_knows_the_39_reasons_of_the_contract_when_the_contract_is_there(contracts: Path) -> None:
    lines = (contracts / "retell.md").read_text().partition("### 3.1")[2].partition("\n## ")[0].splitlines()
    rows = [line.split("|")[2] for line in lines if line.startswith("| ") and "_" in line.split("|")[2]]
    reasons = [reason.strip() for row in rows for reason in row.split(",")]

    assert len(reasons) == 39
    assert all(classify(reason) is not Disconnection.UNKNOWN for reason in reasons)
    assert set(reasons) == set(Ending.values)


def test_every_reason_that_is_classified_is_told_in_words() -> None:
    assert {reason for reason in Ending.values if classify(reason) is not Disconnection.UNKNOWN} == set(Ending.values)
    for reason in Ending.values:
        with translation.override("en"):
            english = ending_in_words(reason)
        with translation.override("de"):
            assert ending_in_words(reason) != english != reason.replace("_", " ")
    assert ending_in_words("error_of_next_year") == "error of next year"


def test_why_to_look_at_a_call_tells_the_reason_in_the_same_language() -> None:
    facts = {"reason": "no_valid_payment"}

    assert Review.ENDED_BY_RETELL.tell(facts, "en") == "Retell ended the call: Retell has no valid means of payment."
    assert "Zahlungsmittel" in Review.ENDED_BY_RETELL.tell(facts, "de")
    assert Review.NOT_READ.tell({}, "en") == "An appointment was mentioned that no request holds."
