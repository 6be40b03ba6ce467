"""Runs the commands of Django and the apps, and explains those that an installation does not have."""

import sys

from django.conf import settings
from django.core.management import execute_from_command_line

from askpro import garbage

# The commands of askpro/dev. `test` matters most: Django's own `test` would make a database beside the real one.
DEVELOPMENT = (
    "bench",
    "chaos",
    "demo_call",
    "docs",
    "lock",
    "prepare",
    "sandbox_run",
    "sbom",
    "screenshots",
    "seed_demo",
    "setup",
    "test",
    "up",
)


def run(argv: list[str]) -> None:
    """Run the command of `argv`; a command of development is explained instead where its apps are not installed."""
    garbage.look_rarely()
    asked = argv[2:] if argv[1:2] == ["help"] else argv[1:]
    command = asked[0] if asked else ""
    if command in DEVELOPMENT and not settings.IS_FOR_DEVELOPMENT:
        sys.exit(
            f"manage.py {command} belongs to development: it needs the folder askpro/dev and the environment"
            f" local or testing, and ASKPRO_ENV is {settings.ENVIRONMENT}.\n"
            "In a whole checkout, start everything first: python3 manage.py up"
        )
    execute_from_command_line(argv)
