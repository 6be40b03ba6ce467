"""Every response says what a browser may load for it: nothing of other hosts, nothing that is written into a page."""

import pytest
from django.test import Client

from askpro.incoming.content_policy import HEADER

PAGES = ["/admin/", "/admin/calls/call/", "/admin/board/queues/", "/admin/password_change/"]
LOG_IN = "/admin/login/"
OTHERS = [LOG_IN, "/api/v1/docs/", "/api/v1/schema/", "/t/none/", "/webhooks/none/", "/none/"]
MACHINES = ["/health/live", "/metrics", "/static/console/console.css", "/api/v1/appointment-requests/"]


def policy(client: Client, address: str) -> dict[str, str]:
    parts = client.get(address)[HEADER].split("; ")
    return dict(part.split(" ", 1) for part in parts)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_of_the_console_runs_scripts_of_its_own_files(admin_client: Client, address: str) -> None:
    told = policy(admin_client, address)

    assert told["script-src"] == "'self' 'unsafe-eval'"
    assert told["style-src"] == "'self'"


@pytest.mark.parametrize("address", OTHERS + MACHINES)
def test_no_other_page_makes_scripts_of_texts(client: Client, db: None, address: str) -> None:
    told = policy(client, address)

    if address != LOG_IN:
        assert "unsafe-eval" not in str(told)
    assert "unsafe-inline" not in str(told)


@pytest.mark.parametrize("address", PAGES + OTHERS + MACHINES)
def test_none_is_framed_posts_elsewhere_or_loads_from_elsewhere(admin_client: Client, address: str) -> None:
    told = policy(admin_client, address)

    assert told["default-src"] == told["frame-ancestors"] == told["base-uri"] == "'none'"
    assert told["form-action"] == "'self'"
    assert told.get("object-src", told["default-src"]) == "'none'"
    assert not {"*", "http:", "https:"} & {source for sources in told.values() for source in sources.split()}


def test_a_stricter_policy_of_a_view_is_kept(client: Client, db: None) -> None:
    assert "script-src" not in policy(client, "/t/none/")


@pytest.mark.parametrize("address", ["/admin/login/", "/health/live", "/api/v1/docs/", "/nothing"])
def test_no_page_may_use_a_device(client: Client, db: None, address: str) -> None:
    assert "camera=()" in client.get(address).headers["Permissions-Policy"]
