"""The sandbox signs exactly as the vendors do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from askpro.dev.sandbox.courier import calcom_signature, retell_signature, twilio_signature
from askpro.dev.sandbox.exchange import compact


def body(vector: dict[str, Any], folder: Path) -> bytes:
    """The body of a test vector: it holds it, or names the file with it, whose compact form is used."""
    if "body" in vector:
        return vector["body"].encode()
    return compact(json.loads((folder / vector["body_file"]).read_text()))


def by_retell(file: dict[str, Any], vector: dict[str, Any], folder: Path) -> str:
    return retell_signature(file["secret"], body(vector, folder), vector["timestamp_ms"])


def by_calcom(file: dict[str, Any], vector: dict[str, Any], folder: Path) -> str:
    return calcom_signature(file["secret"], body(vector, folder))


def by_twilio(file: dict[str, Any], vector: dict[str, Any], folder: Path) -> str:
    return twilio_signature(file["auth_token"], vector["url"], vector["params"])


@pytest.mark.parametrize(
    ("vendor", "sign", "names"),
    [
        ("retell", by_retell, ("valid", "full_call_ended_compact_json")),
        ("calcom", by_calcom, ("valid", "full_booking_created_compact_json")),
        (
            "twilio",
            by_twilio,
            ("status_delivered_form", "inbound_with_umlauts_trailing_whitespace_and_blank_fields"),
        ),
    ],
)
def test_it_signs_like_the_contracts_vectors(
    contracts: Path, vendor: str, sign: Callable[..., str], names: tuple[str, ...]
) -> None:
    folder = contracts / "examples" / vendor
    file = json.loads((folder / "signatures.json").read_text())
    vectors = {vector["name"]: vector for vector in file["vectors"]}
    for name in names:
        assert sign(file, vectors[name], folder) == vectors[name]["signature"], name


def test_a_fragment_is_not_signed() -> None:
    bare = twilio_signature("token", "https://askpro.example/?ref=1", {"To": "x"})
    assert twilio_signature("token", "https://askpro.example/?ref=1#rc=3", {"To": "x"}) == bare
