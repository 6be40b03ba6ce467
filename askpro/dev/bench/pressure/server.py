"""The benchmark's own PostgreSQL, which it may stop; a server named by DATABASE_URL is never touched."""

import os
from pathlib import Path

from askpro.dev.up.home import Home
from askpro.dev.up.postgres import PostgreSQL

# The environment variable by which `manage.py bench` names the home of the server that it has started.
HOME = "ASKPRO_BENCH_SERVER"


class OwnServer:
    """A server that `manage.py bench` has started for this run."""

    def __init__(self, home: Path) -> None:
        self._postgres = PostgreSQL(Home(home))
        self._postgres.start()  # which attaches to it

    def stop(self) -> None:
        """As a person stops it: sessions are ended, everything is on disk."""
        self._postgres.stop()

    def start(self) -> None:
        self._postgres.start()


def own_server() -> OwnServer | None:
    """None when PostgreSQL belongs to somebody else."""
    home = os.environ.get(HOME)
    return OwnServer(Path(home)) if home else None
