"""The command `balance`."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from calls.models import Call
from tests.appointments import salon
from tests.appointments.salon import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(settings: Any) -> Call:
    """A lost call of which nobody knows."""
    at = salon.branch(salon.company())
    return salon.call(at, salon.customer(at.company), status="lost", outcome="follow_up")


def balance(*options: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("balance", "--no-vendors", *options, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_it_names_each_row_with_what_to_do_and_ends_with_one(lost: Call) -> None:
    code, said = balance()
    assert code == 1
    assert f"call {lost.pk} (salon-birke): expected a follow-up\n" in said
    assert "found: it is lost, and nobody was asked to call back\n    to do: call back\n" in said
    assert "1 do not add up: 1 × call." in said


def test_it_counts_what_became_of_the_calls(lost: Call) -> None:
    salon.call(lost.branch, call_id="call_2", outcome="no_request")
    _, said = balance()
    assert (
        "salon-birke: 2 calls = 0 pending, 1 no request, 0 booked, 0 changed, 0 follow up, 0 not connected, 1 lost"
        in said
    )


def test_it_ends_with_zero_where_everything_adds_up(lost: Call) -> None:
    Call.objects.update(status="analyzed", outcome="no_request")
    code, said = balance()
    assert (code, said.splitlines()[-1]) == (0, "Everything adds up.")


def test_it_speaks_json(lost: Call) -> None:
    code, said = balance("--json")
    told = json.loads(said)
    assert code == 1
    assert [(each["kind"], each["id"], each["company"]) for each in told["findings"]] == [
        ("call", lost.pk, "salon-birke")
    ]
    assert told["totals"]["salon-birke"]["calls"] == told["totals"]["salon-birke"]["lost"] == 1


def test_it_looks_at_one_company_and_one_time_only(lost: Call) -> None:
    salon.company("salon-buche")
    Call.objects.update(created_at=NOW - timedelta(days=30))
    assert balance("--since", "2026-10-30", "--until", "2026-11-02")[0] == 1
    assert balance("--since", "2026-10-30", "--until", "2026-11-02", "--company", "salon-buche")[0] == 0
    assert balance("--since", "2026-11-02")[0] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--company", "salon-brike"], "There is no company with the slug salon-brike. Did you mean salon-birke?"),
        (["--since", "2d", "--until", "3d"], "--until must be later than --since."),
        (["--since", "yesterday"], "neither a time"),
    ],
)
def test_it_says_what_is_wrong_with_what_it_was_asked(lost: Call, options: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        balance(*options)


@pytest.mark.django_db(transaction=True)
def test_all_rules_see_one_moment_of_the_rows() -> None:
    assert balance()[0] == 0, "and they read only, in a transaction of their own"
