"""docs/agent.md and `agent_schema` say what the code serves."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from askpro.dev.sandbox import world
from askpro.dev.sandbox.management.commands.seed_demo import seed
from calls.functions.asked import Function
from calls.functions.schema import ARGUMENTS, FUNCTIONS
from calls.functions.serving import SERVED
from calls.wishes.field_names import CALLER_FIELDS, LISTED_FIELDS, WISH_FIELDS, Session
from webhooks.models import Provider, WebhookAddress

CODE = Path(__file__).parents[3]
DOC = (CODE / "docs" / "agent.md").read_text()
# Read by name in a function's own file.
READ_THERE = {"appointment", "old_date", "old_time", "reason", "concern", "language"}


def rows(heading: str, columns: int) -> list[list[str]]:
    """The lines of the first table of a chapter that has so many columns."""
    chapter = DOC.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in chapter.splitlines() if line.startswith("|")]
    return [cells for cells in lines[2:] if len(cells) == columns and "---" not in cells[0]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([a-z_]+)`", cell)


def schema(*options: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("agent_schema", *options, stdout=out)
    told: list[dict[str, Any]] = json.loads(out.getvalue())
    return told


def test_it_names_every_function_with_its_arguments() -> None:
    told = {
        names(name)[0]: (tuple(names(required)), tuple(names(more))) for name, required, more in rows("Functions", 3)
    }
    served = {function.value: (each.required, (*each.others, "language")) for function, each in FUNCTIONS.items()}
    assert told == served
    assert set(FUNCTIONS) == set(SERVED) == set(Function)


def test_every_argument_is_read() -> None:
    tables = (WISH_FIELDS, LISTED_FIELDS, CALLER_FIELDS)
    read = {name for table in tables for fields in table.values() for name in fields} | READ_THERE
    assert set(ARGUMENTS) <= read
    source = "".join(path.read_text() for path in (CODE / "calls" / "functions").glob("*.py"))
    assert all(f'"{name}"' in source for name in READ_THERE)


def test_it_names_every_variable_and_the_prompts_no_other() -> None:
    told = {name for cells in rows("Variables", 2) for name in names(cells[0])}
    assert told == set(Session)
    assert set(re.findall(r"{{(.+?)}}", DOC)) <= set(Session)


def test_it_names_every_status_that_the_code_answers() -> None:
    told = {name for cells in rows("Functions", 2) for name in names(cells[0])}
    source = "".join(path.read_text() for path in (CODE / "calls" / "functions").glob("*.py"))
    answered = set(re.findall(r'Answer\(\s*Outcome\.\w+,\s*"(\w+)"', source))
    answered |= set(re.findall(r'_words\([^"\n]*"(\w+)"', source)) | {"not_served"}
    answered |= {"booked", "requested", "pending", "cancelled", "moved"}
    assert told == answered


@pytest.mark.django_db
def test_the_schema_is_what_retell_takes() -> None:
    tools = schema()
    assert [tool["name"] for tool in tools] == [function.value for function in FUNCTIONS]
    for tool in tools:
        assert tool["type"] == "custom" and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", tool["name"])
        assert tool["url"].endswith(f"/webhooks/retell/functions/{tool['name']}/")
        parameters = tool["parameters"]
        assert parameters["type"] == "object" and set(parameters["required"]) <= set(parameters["properties"])
        assert 8_000 < tool["timeout_ms"] <= 600_000


@pytest.mark.django_db
def test_the_schema_has_the_companys_own_address_and_language() -> None:
    salon = seed(world.SALON)
    assert "/webhooks/retell/functions/" in schema("--company", salon.slug)[0]["url"]
    address = WebhookAddress.objects.create(company=salon, provider=Provider.RETELL)
    address.add_secret("key_of_the_salon")
    tool = schema("--company", salon.slug, "--language", "en")[0]
    assert tool["url"] == f"{address.url}functions/check_availability/"
    assert tool["execution_message_description"] == "One moment, I will have a look."
    with pytest.raises(CommandError):
        schema("--company", "nobody")
