import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retell.lib.webhook_auth import symmetric
from twilio.request_validator import RequestValidator

from tests.webhooks.signing import CALCOM_SECRET, RETELL_KEY, TWILIO_TOKEN, calcom_signature, retell_signature
from webhooks.door.refusal import Reason, Refused
from webhooks.door.signatures import (
    RETELL_TOLERANCE_MS,
    fingerprint,
    twilio_settings,
    verify_calcom,
    verify_retell,
    verify_twilio,
)

NOW = 1_796_000_000_000
URL = "https://askpro.example/webhooks/twilio/status/?ref=9f7b"


def refusal(verify: Any, *args: Any) -> Reason | None:
    """Why it is refused; None if it is accepted."""
    try:
        verify(*args)
    except Refused as refused:
        return refused.reason
    return None


def vectors(contracts: Path, provider: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((contracts / "examples" / provider / "signatures.json").read_text())
    return found


def body_of(vector: dict[str, Any], folder: Path) -> bytes:
    if "body" in vector:
        return str(vector["body"]).encode()
    value = json.loads((folder / vector["body_file"]).read_text())
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert hashlib.sha256(body).hexdigest() == vector["body_sha256"]
    return body


def test_it_agrees_with_every_vector_of_retell(contracts: Path) -> None:
    stated = vectors(contracts, "retell")
    for vector in stated["vectors"]:
        body = body_of(vector, contracts / "examples" / "retell")
        key, now = vector.get("secret", stated["secret"]), vector["verify_at_ms"]
        believed = refusal(verify_retell, body, vector["signature"], [key], now) is None
        assert believed is vector["expect"], vector["name"]


def test_it_agrees_with_every_vector_of_calcom(contracts: Path) -> None:
    stated = vectors(contracts, "calcom")
    for vector in stated["vectors"]:
        body = body_of(vector, contracts / "examples" / "calcom")
        believed = refusal(verify_calcom, body, vector["signature"], [vector.get("secret", stated["secret"])]) is None
        assert believed is vector["expect"], vector["name"]


def test_it_agrees_with_every_vector_of_twilio(contracts: Path) -> None:
    stated = vectors(contracts, "twilio")
    for vector in stated["vectors"]:
        raw = vector["raw_body"].encode() if "raw_body" in vector else None
        _, algorithm = twilio_settings(vector.get("settings_header", "").partition(": ")[2])
        fields, secrets = vector.get("params", {}).items(), [stated["auth_token"]]
        args = (vector["url"], fields, vector["signature"], secrets, algorithm, raw)
        assert (refusal(verify_twilio, *args) is None) is vector["expect"], vector["name"]


@given(st.text(max_size=300), st.integers(-2 * RETELL_TOLERANCE_MS, 2 * RETELL_TOLERANCE_MS))
def test_incident_12_it_judges_as_retells_own_sdk_does(text: str, skew: int) -> None:
    signature = symmetric["sign"](text, RETELL_KEY, NOW)
    theirs = symmetric["verify"](text, RETELL_KEY, signature, {"timestamp": NOW + skew})
    assert (refusal(verify_retell, text.encode(), signature, [RETELL_KEY], NOW + skew) is None) is theirs


@given(
    st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=30), max_size=8),
    st.sampled_from(["", ":443"]),
    st.sampled_from(["", ":443"]),
    st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]),
)
def test_it_judges_as_twilios_own_sdk_does(fields: dict[str, str], signed: str, asked: str, algorithm: str) -> None:
    validator = RequestValidator(TWILIO_TOKEN)
    signature = validator.compute_signature(f"https://askpro.example{signed}/x/?a=b", fields, algorithm)
    url = f"https://askpro.example{asked}/x/?a=b"
    assert validator.validate(url, fields, signature, algorithm)
    assert refusal(verify_twilio, url, fields.items(), signature, [TWILIO_TOKEN], algorithm) is None
    other = {**fields, "Body": fields.get("Body", "") + "."}
    assert refusal(verify_twilio, url, other.items(), signature, [TWILIO_TOKEN], algorithm) == Reason.BAD_SIGNATURE


def test_it_accepts_retells_timestamp_to_the_millisecond_on_both_sides() -> None:
    signature = retell_signature(b"{}", at_ms=NOW)
    outcomes = [
        refusal(verify_retell, b"{}", signature, [RETELL_KEY], NOW + skew)
        for skew in (RETELL_TOLERANCE_MS, RETELL_TOLERANCE_MS + 1, -RETELL_TOLERANCE_MS, -RETELL_TOLERANCE_MS - 1)
    ]
    assert outcomes == [None, Reason.STALE, None, Reason.FUTURE]


@pytest.mark.parametrize("stamp", ["0" + str(NOW), "+" + str(NOW), f" {NOW}", f"{NOW} ", "9" * 5000, "", "٣"])
def test_it_refuses_another_spelling_of_retells_timestamp(stamp: str) -> None:
    digest = hmac.digest(RETELL_KEY.encode(), b"{}" + str(NOW).encode(), "sha256").hex()
    header = f"v={stamp},d={digest}"
    assert refusal(verify_retell, b"{}", header, [RETELL_KEY], NOW) == Reason.BAD_SIGNATURE


def test_it_tells_which_of_several_secrets_matched() -> None:
    body = b'{"a":1}'
    assert verify_calcom(body, calcom_signature(body), ["older", CALCOM_SECRET]) == fingerprint(CALCOM_SECRET)
    assert verify_calcom(body, calcom_signature(body, "older"), ["older", CALCOM_SECRET]) == fingerprint("older")
    assert CALCOM_SECRET not in fingerprint(CALCOM_SECRET)


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_incident_12_nobody_is_believed_when_no_secret_is_configured(secrets: list[str]) -> None:
    unkeyed = hmac.digest(b"", b"{}", "sha256").hex()
    assert refusal(verify_calcom, b"{}", unkeyed, secrets) == Reason.NOT_CONFIGURED


def test_it_never_matches_an_empty_secret_beside_a_real_one() -> None:
    unkeyed = hmac.digest(b"", b"{}", "sha256").hex()
    assert refusal(verify_calcom, b"{}", unkeyed, ["", CALCOM_SECRET]) == Reason.BAD_SIGNATURE


@pytest.mark.parametrize("header", ["é" * 64, "\udcff" * 64, "\x00" * 64])
def test_it_refuses_signatures_in_strange_characters(header: str) -> None:
    assert refusal(verify_calcom, b"{}", header, [CALCOM_SECRET]) == Reason.BAD_SIGNATURE
    assert refusal(verify_twilio, URL, [], header, [TWILIO_TOKEN]) == Reason.BAD_SIGNATURE


def test_it_signs_the_distinct_values_of_a_repeated_field_sorted() -> None:
    fields = [("b", "2"), ("a", "y"), ("a", "x"), ("a", "y")]
    text = (URL + "axayb2").encode()
    signature = base64.b64encode(hmac.digest(TWILIO_TOKEN.encode(), text, hashlib.sha1)).decode()
    assert refusal(verify_twilio, URL, fields, signature, [TWILIO_TOKEN]) is None


@pytest.mark.parametrize(
    "header", ["algorithm=HMAC_SHA256", "key=k", "key=k,algorithm=HMAC_SHA256,more=1", "key=k;algorithm=X", "x"]
)
def test_it_refuses_signature_settings_that_it_does_not_know(header: str) -> None:
    assert refusal(twilio_settings, header) == Reason.BAD_SIGNATURE


@pytest.mark.parametrize("algorithm", ["HMAC_SHA512", "hmac_sha256", "", "none"])
def test_it_refuses_an_algorithm_that_it_does_not_know(algorithm: str) -> None:
    assert refusal(verify_twilio, URL, [], "x", [TWILIO_TOKEN], algorithm) == Reason.BAD_SIGNATURE


def test_it_refuses_a_json_body_whose_hash_is_not_in_the_url() -> None:
    validator = RequestValidator(TWILIO_TOKEN)
    signature = validator.compute_signature(URL, {})
    assert refusal(verify_twilio, URL, (), signature, [TWILIO_TOKEN], "HMAC_SHA1", b"{}") == Reason.BAD_SIGNATURE
