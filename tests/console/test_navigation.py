"""One line of the navigation is lit on every page that belongs to one."""

import pytest
from django.test import RequestFactory
from django.urls import reverse

from askpro.console.unfold import NAVIGATION

LINES = [item for group in NAVIGATION for item in group["items"]]


def lit(address: str) -> list[str]:
    request = RequestFactory().get(address)
    return [str(item["link"]) for item in LINES if item["active"](request)]


@pytest.mark.parametrize("number", range(len(LINES)))
def test_its_own_page_and_what_is_below_light_each_line_alone(number: int) -> None:
    link = str(LINES[number]["link"])

    assert lit(link) == [link]
    assert lit(f"{link}?day=2026-11-30") == [link]
    if link != reverse("admin:index"):
        assert lit(f"{link}17/change/") == [link]


def test_the_calendar_does_not_light_the_list_whose_address_it_is_below() -> None:
    appointments = reverse("admin:appointments_appointment_changelist")
    calendar = reverse("admin:calendar")

    assert calendar.startswith(appointments)
    assert lit(calendar) == [calendar]


def test_a_page_of_no_line_lights_none() -> None:
    assert lit(reverse("admin:password_change")) == []
