"""It is always a Tuesday, a little past ten, in Berlin: pictures of one week can be compared with those of another."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import time_machine
from django.db import connection

ZONE: Final = ZoneInfo("Europe/Berlin")
TUESDAY: Final = 1
# PostgreSQL looks here first. Its own functions are called by their names only, so these take their places.
FUNCTIONS: Final = ("clock_timestamp", "statement_timestamp", "now")
STOPPED: Final = "CREATE FUNCTION stopped.{}() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT ''{}''::timestamptz'"


@contextmanager
def tuesday_morning() -> Iterator[datetime]:
    """The clock stands at `last_tuesday`, in this process and in its database."""
    then = last_tuesday()
    _stop_database(then)
    with time_machine.travel(then, tick=False):
        yield then


def last_tuesday() -> datetime:
    """The last Tuesday, 10:12 in Berlin."""
    really = datetime.now(ZONE)
    then = really.replace(hour=10, minute=12, second=0, microsecond=0)
    then -= timedelta(days=(then.weekday() - TUESDAY) % 7)
    return then if then <= really else then - timedelta(days=7)


def _stop_database(then: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA stopped")
        for name in FUNCTIONS:
            cursor.execute(STOPPED.format(name, then.isoformat()))
        database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
        cursor.execute(f"ALTER DATABASE {database} SET search_path = stopped, pg_catalog, public")
    # The setting is for new sessions.
    connection.close()
