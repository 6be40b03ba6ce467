"""Which command runs, and in which Python."""

import argparse
import importlib
import os
import sys
from pathlib import Path

from askpro.dev.up.failure import Failure
from askpro.dev.up.installation import LOCAL, RUN_TIME, TESTS, Installation
from askpro.language import catalogue

ROOT = Path(__file__).resolve().parents[3]
MODULES = {
    "up": "askpro.dev.up.up",
    "test": "askpro.dev.up.suite",
    "bench": "askpro.dev.up.bench",
    "chaos": "askpro.dev.up.chaos",
    "screenshots": "askpro.dev.pictures.run",
    "docs": "askpro.dev.site.run",
    "lock": "askpro.dev.supply.lock",
    "sbom": "askpro.dev.supply.sbom",
}
REQUIREMENTS = {"up": (RUN_TIME, LOCAL), "test": (RUN_TIME, LOCAL, TESTS), "bench": (RUN_TIME, LOCAL)}
REQUIREMENTS["chaos"] = REQUIREMENTS["test"]
REQUIREMENTS["setup"] = REQUIREMENTS["screenshots"] = REQUIREMENTS["docs"] = REQUIREMENTS["test"]
REQUIREMENTS["lock"] = ()
REQUIREMENTS["sbom"] = (RUN_TIME,)

OWN_COMMANDS = """\
These set up what they need, also on a machine with nothing but Python:
    setup   install, and nothing else
    up      start the whole product here; Ctrl-C stops it
    test    run the suite on a real PostgreSQL, Valkey and browser
    bench   measure the engine
    chaos   kill everything under load and check that no job is lost
    screenshots   take a picture of every page
    docs    build the documentation as a site
    lock    write the hashes of every package, after a requirement was changed
    sbom    list what production is made of, with licences and hashes

The others are Django's and the apps':
"""


def dispatch(argv: list[str]) -> None:
    """Run the command of `argv` and exit with its code."""
    command = argv[1] if len(argv) > 1 else "help"
    try:
        if command in ("help", "--help") and len(argv) < 3:
            print(OWN_COMMANDS, flush=True)
        elif command == "help" and argv[2] in REQUIREMENTS:
            command, argv = argv[2], [argv[0], argv[2], "--help"]
        sys.exit(_local(command, argv) if command in REQUIREMENTS else _django(argv))
    except Failure as failure:
        sys.exit(f"\nmanage.py {command}: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)


def _local(command: str, argv: list[str]) -> int:
    options = _parse(command, argv[2:])  # before the installation, which --help and a mistyped option do not need
    if REQUIREMENTS[command]:
        Installation(ROOT, REQUIREMENTS[command]).ensure(argv)
        catalogue.refresh()
    if command == "setup":
        print(f"Everything is installed for {sys.executable}.")
        return 0
    module = importlib.import_module(MODULES[command])
    return int(module.run(ROOT, options))


def _django(argv: list[str]) -> int:
    Installation(ROOT, (RUN_TIME,)).enter(argv)
    try:
        from askpro.command_line import run
    except ModuleNotFoundError as error:
        raise Failure("Django is not installed here.", "`python3 manage.py up` sets everything up.") from error
    from askpro.dev.up.environment import adopt

    adopt(ROOT)
    if os.environ.get("ASKPRO_ENV") in ("local", "testing"):
        catalogue.refresh()
    run(argv)
    return 0


def _parse(command: str, arguments: list[str]) -> argparse.Namespace:
    knows_its_own = command in ("bench", "chaos", "screenshots")  # --help included
    parser = argparse.ArgumentParser(prog=f"manage.py {command}", allow_abbrev=False, add_help=not knows_its_own)
    if command == "up":
        parser.description = "Start AskPro on this machine: PostgreSQL, Valkey, web, workers, sandbox. Ctrl-C stops it."
        parser.add_argument("--port", type=int, help="port of the console (8000, or the next free one)")
        parser.add_argument("--no-demo", action="store_true", help="no demo company and no demo call")
        return parser.parse_args(arguments)
    if command == "setup":
        parser.description = "Install what the other commands and the tests need, and do nothing else."
        return parser.parse_args(arguments)
    if command == "docs":
        parser.description = "Build the documentation as a site; it needs no network, and neither do its readers."
        parser.add_argument("--output", metavar="DIR", help="the site's folder (.askpro/site)")
        parser.add_argument("--serve", action="store_true", help="show it at a local address while you write")
        parser.add_argument("--write", action="store_true", help="write anew the pages that come from the code")
        parser.add_argument("--links", action="store_true", help="list the links to other hosts, which nothing checks")
        return parser.parse_args(arguments)
    if command == "lock":
        parser.description = "Write the lock of each file of requirements: every package, with hashes."
        parser.add_argument("--raise", nargs="+", dest="raised", default=[], metavar="PACKAGE", help="to its newest")
        parser.add_argument("--all", action="store_true", help="raise every package that no file pins")
        return parser.parse_args(arguments)
    if command == "sbom":
        parser.description = "List what production is made of, with licences and hashes, as CycloneDX 1.6 in JSON."
        parser.add_argument("--output", metavar="FILE", help="write it there (printed)")
        return parser.parse_args(arguments)
    if command == "test":
        parser.description = "Run the suite on a real PostgreSQL, Valkey and browser. Other arguments go to pytest."
        parser.add_argument("--long", action="store_true", help="the tests marked `long` as well")
    options, rest = parser.parse_known_args(arguments)
    options.rest = rest
    return options
