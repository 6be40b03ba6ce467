"""A token does what it may, until its last day is over, and operators hear of that day before."""

from datetime import timedelta
from itertools import product

import pytest

from calls.models import Company
from tests.api.conftest import URL, client_with, token_of
from tests.appointments.salon import NOW
from tests.found import found

TODAY = NOW.date()
pytestmark = pytest.mark.usefixtures("clock")
RIGHTS = ("may_read", "may_request", "may_change")
ASKED = {
    ("GET", f"{URL}1/"): "may_read",
    ("POST", URL): "may_request",
    ("POST", f"{URL}1/cancel/"): "may_change",
    ("POST", f"{URL}1/reschedule/"): "may_change",
}


@pytest.mark.parametrize("given", list(product((True, False), repeat=3)))
def test_it_does_what_it_may_and_nothing_else(company: Company, given: tuple[bool, ...]) -> None:
    rights = dict(zip(RIGHTS, given, strict=True))
    client = client_with(token_of(company, **rights)[1])

    for (method, address), right in ASKED.items():
        answer = client.generic(method, address, "{}", content_type="application/json")
        assert (answer.status_code == 403) is not rights[right], (address, answer.status_code)
        if answer.status_code == 403:
            assert answer.json()["error"] == "not_allowed"


@pytest.mark.parametrize(("days", "status"), [(None, 404), (1, 404), (0, 404), (-1, 401)])
def test_its_last_day_is_the_last(company: Company, days: int | None, status: int) -> None:
    last = None if days is None else TODAY + timedelta(days=days)
    client = client_with(token_of(company, expires_on=last)[1])

    assert client.get(f"{URL}1/").status_code == status


@pytest.mark.parametrize(("days", "is_told"), [(15, False), (14, True), (0, True), (-1, True), (-2, False)])
def test_operators_are_told_two_weeks_before(company: Company, days: int, is_told: bool) -> None:
    token, _ = token_of(company, expires_on=TODAY + timedelta(days=days))
    token_of(company, expires_on=TODAY, is_active=False)
    token_of(company)

    assert list(found("token_expiring", NOW)) == ([f"token:{token.pk}"] if is_told else [])
