"""A job works on rows of its company only, whatever ids it was sent with: held for every actor there is."""

import contextlib
from argparse import Action
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from dramatiq import get_broker

from askpro.api import urls as api
from askpro.ownership import owned
from askpro.queues.errors import Gone, Rejected
from askpro.queues.jobs.actor import LedgerActor
from calls.models import Company
from tests.api.conftest import client_with, token_of
from tests.console.conftest import world  # noqa: F401 - a fixture
from tests.console.tenants import CANARY, make_strangers, snapshot
from tests.console.world import World

pytestmark = pytest.mark.django_db

PRODUCT = ("calls.", "appointments.", "notifications.", "webhooks.", "askpro.privacy.", "askpro.api.")
# Ids that no company is named beside: the row itself says whose it is.
ALONE = {
    "event_id": "an event whose company its job finds",
    "number_id": "the number's own company",
    "reading_id": "an account at Retell, perhaps of the installation",
    "erasure_id": "an order to erase, with its company",
    "run_id": "a walk of the retention over all companies",
}
# Fits every endpoint that takes one.
BODY = {"starts_at": "2026-12-04T15:00:00+01:00"}
VENDORLESS = {"balance": ("--no-vendors",), "agent_schema": (), "replay_webhooks": ("--dry-run",)}


def actors() -> list[Any]:
    ours = [each for each in get_broker().actors.values() if isinstance(each, LedgerActor)]
    found = [each for each in ours if each.fn.__module__.startswith(PRODUCT)]
    return sorted(found, key=lambda each: each.actor_name)


def ids_of(actor: Any) -> set[str]:
    return {name for name in signature(actor.fn).parameters if name.endswith("_id")}


TENANTS = [each for each in actors() if "company_id" in ids_of(each) and len(ids_of(each)) > 1]


@pytest.fixture
def strangers(world: World) -> tuple[Company, Company]:  # noqa: F811
    return make_strangers(world)


@pytest.mark.parametrize("actor", actors(), ids=lambda actor: actor.actor_name)
def test_every_job_about_a_row_says_whose_it_is(actor: Any) -> None:
    named = ids_of(actor) - {"company_id"}
    if "company_id" in ids_of(actor):
        assert named <= owned().keys(), "name its model in askpro.ownership.ALIASES"
    else:
        assert named <= ALONE.keys(), "give it a company_id, so that it is held to its company"


@pytest.mark.parametrize("actor", TENANTS, ids=lambda actor: actor.actor_name)
def test_a_job_with_an_id_of_another_company_does_nothing_and_dies_loudly(
    actor: Any, strangers: tuple[Company, Company]
) -> None:
    ours, theirs = strangers
    before = snapshot()
    rows = {
        name: owned()[name]._base_manager.filter(company=theirs.pk).first() for name in ids_of(actor) & owned().keys()
    }
    # Rows of some kinds are not in the console's world; the rule is the same for all.
    for name, row in ((name, row) for name, row in rows.items() if row is not None):
        arguments = dict.fromkeys(ids_of(actor), 0) | {name: row.pk, "company_id": ours.pk}
        with pytest.raises(Rejected, match="does not belong to company"):
            actor(**arguments)
    assert snapshot() == before


@pytest.mark.parametrize("actor", TENANTS[:1], ids=lambda actor: actor.actor_name)
def test_a_row_that_does_not_exist_is_the_jobs_own_matter(actor: Any, strangers: tuple[Company, Company]) -> None:
    with pytest.raises(Gone):
        actor(**(dict.fromkeys(ids_of(actor), 10**9) | {"company_id": strangers[0].pk}))


@pytest.mark.parametrize("route", [each for each in api.urlpatterns if "<" in str(each.pattern)], ids=str)
def test_no_endpoint_finds_a_row_of_another_company(route: Any, strangers: tuple[Company, Company]) -> None:
    ours, theirs = strangers
    before = snapshot()
    client = client_with(token_of(ours)[1])
    path = str(route.pattern).replace("<int:request_id>", str(theirs.booking_requests.earliest("pk").pk))
    assert "<" not in path, "say what its id is of"
    for method in ("get", "post", "put", "patch", "delete"):
        answer = getattr(client, method)(f"/api/v1/{path}", BODY, content_type="application/json")
        assert answer.status_code in (404, 405), (method, path)
        assert CANARY not in answer.content.decode()
    changed = {label for label, rows in snapshot().items() if rows != before[label]}
    assert changed <= {"api.ApiToken"}


@pytest.mark.parametrize("route", [each for each in api.urlpatterns if "<" not in str(each.pattern)], ids=str)
def test_no_list_shows_a_row_of_another_company(route: Any, strangers: tuple[Company, Company]) -> None:
    answer = client_with(token_of(strangers[0])[1]).get(f"/api/v1/{route.pattern}")
    assert answer.status_code in (200, 403, 405)
    assert CANARY not in answer.content.decode()


def commands() -> list[str]:
    """Every command of the product that takes a company."""
    product = [name for name, app in get_commands().items() if f"{app}.".startswith(PRODUCT)]
    return sorted(name for name in product if takes_company(name))


def takes_company(name: str) -> bool:
    return any("--company" in argument.option_strings for argument in arguments(name))


def arguments(name: str) -> list[Action]:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    return parser._actions


@pytest.mark.parametrize("name", commands())
def test_every_command_with_a_company_refuses_one_that_is_unknown(name: str, tmp_path: Path) -> None:
    files = [str(tmp_path / "file") for each in arguments(name) if each.required and not each.option_strings]
    with pytest.raises(CommandError, match="There is no company"):
        call_command(name, *files, "--company", "salon-nowhere")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", VENDORLESS)
def test_a_command_for_a_company_says_nothing_of_another(
    name: str, strangers: tuple[Company, Company], capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot()
    with contextlib.suppress(SystemExit):
        call_command(name, *VENDORLESS[name], "--company", strangers[0].slug)
    said = capsys.readouterr().out
    assert said and CANARY not in said and strangers[1].slug not in said
    assert snapshot() == before
