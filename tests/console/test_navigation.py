"""What a reader may open stands in the navigation, and one line of it is lit on every page that belongs to one."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from askpro.console.unfold import NAVIGATION, lit_link

LINKS = [item["link"] for group in NAVIGATION for item in group["items"]]
LINE = re.compile(r'<a href="([^"]*)" class="([^"]*)">\s*<span class="material-symbols-outlined')


def lines_of(client: Client, address: str) -> dict[str, bool]:
    """The addresses in the navigation of a page, and whether each is lit."""
    written = client.get(address).content.decode()
    navigation = written.partition('id="nav-sidebar-apps"')[2].partition("</nav>")[0]
    return {link: "active" in classes.split() for link, classes in LINE.findall(navigation)}


@pytest.mark.parametrize("number", range(len(LINKS)))
def test_its_own_page_and_what_is_below_light_each_line_alone(number: int) -> None:
    link = str(LINKS[number])

    assert lit_link(link) == link
    if link != reverse("admin:index"):
        assert lit_link(f"{link}17/change/") == link


def test_the_calendar_does_not_light_the_list_whose_address_it_is_below() -> None:
    appointments = reverse("admin:appointments_appointment_changelist")
    calendar = reverse("admin:calendar")

    assert calendar.startswith(appointments)
    assert lit_link(calendar) == calendar


def test_a_page_of_no_line_lights_none() -> None:
    assert lit_link(reverse("admin:password_change")) == ""


def test_who_may_all_is_shown_all_and_one_line_is_lit(admin_client: Client) -> None:
    calls = reverse("admin:calls_call_changelist")
    # Those that belong to a company give log-ins there; who belongs to none makes users.
    every = {str(link): str(link) == calls for link in LINKS if str(link) != reverse("admin:logins")}
    assert lines_of(admin_client, f"{calls}?q=17") == every


@pytest.mark.django_db
def test_others_are_shown_what_they_may_open(staff_with: Callable[..., Client]) -> None:
    client = staff_with("calls.view_call", "calls.change_customer")
    assert lines_of(client, reverse("admin:index")) == {
        reverse("admin:index"): True,
        reverse("admin:calls_call_changelist"): False,
        reverse("admin:calls_customer_changelist"): False,
    }
