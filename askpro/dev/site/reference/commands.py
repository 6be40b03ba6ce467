"""Every command of the product, from its own parser."""

import argparse
from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from askpro.dev.site.reference.markdown import WRITTEN, code, table

ABOUT: Final = """# Commands

`python3 manage.py COMMAND`; each has `--help`. [operations.md](../operations.md) says which one to use when, and what
their exit codes mean.

"""
# They set up what they need, and play with what `manage.py up` runs.
SANDBOX: Final = "askpro.dev.sandbox"
PLAYED: Final = ("demo_call", "seed_demo")


def page() -> str:
    """The page."""
    return WRITTEN + ABOUT + "\n".join(_section(name, command) for name, command in sorted(product()))


def product() -> Iterator[tuple[str, BaseCommand]]:
    """The product's own commands, and those that play with the sandbox, by name."""
    ours = {app.name for app in apps.get_app_configs() if _is_ours(app.name)}
    for name, app in get_commands().items():
        if not isinstance(app, BaseCommand) and app in ours - {SANDBOX, "askpro.dev.up"}:
            yield name, load_command_class(app, name)
    for name in PLAYED:
        yield name, load_command_class(SANDBOX, name)


def arguments(name: str, command: BaseCommand) -> list[argparse.Action]:
    """What the command takes beside what every command of Django takes."""
    common = {action.dest for action in BaseCommand().create_parser("manage.py", name)._actions}
    return [action for action in command.create_parser("manage.py", name)._actions if action.dest not in common]


def _is_ours(app: str) -> bool:
    return app.split(".")[0] in ("askpro", "calls", "appointments", "webhooks", "notifications")


def _section(name: str, command: BaseCommand) -> str:
    text = f"## {name}\n\n{str(command.help).strip()}\n"
    rows = [_row(action) for action in arguments(name, command) if action.help != argparse.SUPPRESS]
    return text + ("\n" + table(["argument", "meaning"], rows) if rows else "")


def _row(action: argparse.Action) -> tuple[str, str]:
    return code(_written(action)), (str(action.help or "") % _values(action)).strip()


def _values(action: argparse.Action) -> dict[str, Any]:
    return {**vars(action), "prog": "manage.py"}


def _written(action: argparse.Action) -> str:
    choices = "|".join(str(each) for each in action.choices) if action.choices else ""
    value = action.metavar if isinstance(action.metavar, str) else choices or action.dest.upper()
    if action.nargs == 0:
        value = ""
    elif action.nargs in ("*", "+"):
        value += "…"
    return " ".join(part for part in (", ".join(action.option_strings), value) if part)
