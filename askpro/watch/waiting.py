"""Makes PostgreSQL's answers wait for a deadline, too: libpq has no time-out for a server that says nothing."""

import select

from psycopg2 import extensions

from askpro.deadline import NoTime, seconds_left

# Without a deadline; no statement of a watcher may take longer.
LONGEST = 10.0


def bound_postgres() -> None:
    """For the whole process: its connections wait no longer than `askpro.deadline` allows, then they are closed."""
    extensions.set_wait_callback(_wait)


def _wait(connection: extensions.connection) -> None:
    while (state := connection.poll()) != extensions.POLL_OK:
        left = seconds_left()
        reads, writes = ([connection], []) if state == extensions.POLL_READ else ([], [connection])
        if not any(select.select(reads, writes, [], LONGEST if left is None else left)):
            raise NoTime(NoTime.__doc__)
