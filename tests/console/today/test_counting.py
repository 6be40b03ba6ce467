"""Numbers stop where nobody reads them, and come by one statement."""

from typing import Any

import pytest
from django.utils import translation

from askpro.console.today.counting import Count, counted
from calls.models import Call, Company
from tests.console.world import World


def test_it_counts_everything_by_one_statement(world: World, django_assert_num_queries: Any) -> None:
    asked = {
        "all": Call.objects.all(),
        "booked": Call.objects.filter(outcome="booked"),
        "none": Call.objects.none(),
        "nobody": Call.objects.filter(company__in=[]),
        "any": Company.objects.order_by()[:1],
    }
    with django_assert_num_queries(1):
        found = counted(asked)

    booked = sum(call.outcome == "booked" for call in world.calls)
    assert {name: count.number for name, count in found.items()} == {
        "all": len(world.calls),
        "booked": booked,
        "none": 0,
        "nobody": 0,
        "any": 1,
    }


def test_it_counts_no_further_than_told(world: World) -> None:
    most = len(world.calls)

    assert counted({"calls": Call.objects.all()}, most)["calls"] == Count(most)
    assert counted({"calls": Call.objects.all()}, most - 1)["calls"] == Count(most - 1, is_capped=True)


@pytest.mark.parametrize(("language", "words"), [("en", "10,000+"), ("de", "10.000+")])
def test_it_is_written_as_the_reader_writes_numbers(language: str, words: str) -> None:
    with translation.override(language):
        assert str(Count(10_000, is_capped=True)) == words


def test_nothing_is_asked_when_nothing_may_be_seen(django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        assert counted({"none": Call.objects.none()}) == {"none": Count()}
