"""Every code has a reaction that was chosen on purpose."""

import json
from pathlib import Path

import pytest

from notifications.twilio.errors import REACTIONS, Reaction, reaction_to


def test_it_has_a_reaction_to_every_code_of_the_contract(contracts: Path) -> None:
    listed = json.loads((contracts / "specs" / "twilio-error-codes.subset.json").read_text())
    assert {entry["code"] for entry in listed} == REACTIONS.keys()


def test_it_has_a_reaction_to_every_error_of_the_examples(contracts: Path) -> None:
    for file in (contracts / "examples" / "twilio").glob("api.error.*.json"):
        assert json.loads(file.read_text())["code"] in REACTIONS, file.name


@pytest.mark.parametrize(
    ("code", "reaction"),
    [
        (20003, Reaction.CONFIGURATION),
        (20429, Reaction.SNOOZE),
        (20503, Reaction.LOOK),
        (21211, Reaction.BAD_NUMBER),
        (21408, Reaction.CONFIGURATION),
        (21610, Reaction.OPTED_OUT),
        (21614, Reaction.LANDLINE),
        (30003, Reaction.RESEND),
        (30007, Reaction.PERMANENT),
        # Not in the dictionary yet.
        (29999, Reaction.PERMANENT),
        (39999, Reaction.PERMANENT),
    ],
)
def test_it_reacts_as_the_contract_says(code: int, reaction: Reaction) -> None:
    assert reaction_to(code) == reaction
