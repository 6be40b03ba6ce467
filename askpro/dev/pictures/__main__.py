"""`manage.py screenshots`, once PostgreSQL and Redis are there: DATABASE_URL and REDIS_URL name them."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import django

from askpro.dev.pictures.camera import LANGUAGES, THEMES, WIDTHS
from askpro.dev.up import browser, ports

# The web server's threads have sessions of their own.
OTHERS_END = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# The messages' links lead here.
PUBLIC_URL = "https://askpro.example"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    if browser.find_or_install() is None:
        print(browser.ADVICE, file=sys.stderr)
        return 1
    http, smtp = ports.choose(), ports.choose()
    _set_environment(http, smtp)
    django.setup()
    from askpro.dev.pictures.session import take

    with _own_database():
        complaints = take(options, http, smtp)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def _set_environment(http: int, smtp: int) -> None:
    from askpro.dev.sandbox.credentials import environment

    os.environ |= environment(f"http://127.0.0.1:{http}", smtp)
    # Nothing waits for anything by the clock, which stands; Playwright keeps an event loop in the thread in which
    # Django works too.
    os.environ |= {
        "ASKPRO_PUBLIC_URL": PUBLIC_URL,
        "CALCOM_REQUESTS_PER_MINUTE": "0",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        "LOG_LEVEL": "WARNING",
        "METRICS_FLUSH_SECONDS": "0",
        "REVEAL_FIRST": "false",
    }


@contextmanager
def _own_database() -> Iterator[None]:
    """A new database beside that of DATABASE_URL, which is dropped afterwards."""
    from django.db import connection

    real = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(OTHERS_END)
        connection.creation.destroy_test_db(real, verbosity=0)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py screenshots",
        allow_abbrev=False,
        description="Take a picture of every page over a week of invented calls, in both languages, themes and widths.",
    )
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="PART", help="pages whose name has one of these in it"
    )
    parser.add_argument("--readme", action="store_true", help="only the README's six pictures, made small")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, choices=LANGUAGES)
    parser.add_argument("--themes", nargs="+", default=THEMES, choices=THEMES)
    parser.add_argument("--widths", nargs="+", default=WIDTHS, choices=WIDTHS, type=int)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
