"""The runbook has a section for each alert, and its commands exist and do what they say."""

import io
import re
import shlex
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from askpro.watch.conditions.registry import every_condition

TEXT = (Path(__file__).resolve().parents[2] / "deploy/runbook.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
MANAGE = "python3 manage.py "
# Django's own, which ask for more than a test may have, and what starts processes.
NOT_RUN = {"migrate", "showmigrations", "check"}


def commands(text: str) -> list[str]:
    """The lines of fenced blocks that call AskPro, without what the reader fills in."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix(MANAGE) for line in lines if line.startswith(MANAGE)]


def harmless() -> list[str]:
    looks = [re.split(r"\*\*Cure\.\*\*", section)[0] for section in [TEXT.partition("\n## ")[0], *SECTIONS.values()]]
    found = {command for look in looks for command in commands(look) if "<" not in command}
    return sorted(each for each in found if each.split()[0] not in NOT_RUN)


@pytest.mark.parametrize("code", sorted({each.code for each in every_condition()} | SECTIONS.keys()))
def test_each_condition_has_its_section_and_no_other_has_one(code) -> None:
    assert code in SECTIONS, f"deploy/runbook.md has no section ## {code}"
    assert code in {each.code for each in every_condition()}, f"there is no condition {code}"
    parts = re.findall(r"^\*\*(\w+)\.\*\*", SECTIONS[code], re.MULTILINE)
    assert parts == ["Meaning", "Look", "Cure"], code


def test_sections_are_in_order() -> None:
    assert list(SECTIONS) == sorted(SECTIONS)


@pytest.mark.parametrize("command", sorted(set(commands(TEXT))))
def test_each_command_exists_with_its_options(command) -> None:
    name, *words = shlex.split(re.sub(r"<[^>]*>", "1", command))
    assert name in get_commands(), name
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    told = {option for action in _actions(parser) for option in action.option_strings}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= told


@pytest.mark.django_db
@pytest.mark.parametrize("command", harmless())
def test_what_only_looks_can_be_run(command, monkeypatch) -> None:
    output = io.StringIO()
    name, *words = shlex.split(command)
    with suppress(SystemExit):
        try:
            call_command(name, *words, stdout=output, stderr=output)
        except CommandError as error:
            # It looked, and did not like what it saw: an empty database has nothing to look at.
            assert "unrecognized" not in str(error)


def _actions(parser):
    for action in parser._actions:
        yield action
        choices = getattr(action, "choices", None)
        for inner in choices.values() if isinstance(choices, dict) else ():
            yield from _actions(inner)
