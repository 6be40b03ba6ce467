"""Every page that a link leads to is met, once."""

from itertools import islice

import pytest
from django.test import Client
from django.urls import reverse

from askpro.dev.pictures import walk
from askpro.dev.pictures.week.rows import Week


def test_it_meets_each_kind_of_page_once(admin_client: Client, week: Week) -> None:
    pages = list(islice(walk.walk(admin_client, [reverse("admin:index")]), 12))

    names = [page.name for page in pages]
    assert len(set(names)) == 12
    assert names[0] == "admin:index"
    assert set(names) <= walk.names()


@pytest.mark.parametrize(
    ("link", "led_to"),
    [
        ('<a href="/admin/?a=1&amp;b=2#there">', ["/admin/?a=1&b=2"]),
        ('<a class="x"\n href="../call/">', ["/admin/calls/call/"]),
        ('<form class="x" action="/admin/x/" method="get">', ["/admin/x/"]),
        ('<form method="post" action="/admin/x/">', []),
        ('<a href="https://example.org/">', []),
        ('<a href="//example.org/x">', []),
        ('<a href="tel:+4930">', []),
        ('<link href="/static/x.css">', []),
    ],
)
def test_it_follows_links_within_the_site(link: str, led_to: list[str]) -> None:
    assert list(walk.links(link, "/admin/calls/customer/")) == led_to


def test_it_knows_the_site_s_addresses_by_their_names() -> None:
    assert walk.name_of("/admin/calls/call/?status=ended") == "admin:calls_call_changelist"
    assert walk.name_of("/elsewhere/") == ""
