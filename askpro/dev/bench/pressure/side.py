"""What an engine has to say and to do when it is put under pressure."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from askpro.dev.bench.sides.program import Program


class Side(Protocol):
    """One engine under pressure. Its ledger may be unknown: then starts are counted instead of completions."""

    name: str
    # Patterns of `schema.table`: all that it keeps, and where its jobs are.
    tables: str
    job_tables: str
    # The module with its `send`, and the environment in which that runs.
    sender: str
    env: Mapping[str, str]
    # A condition of pg_stat_activity: the sessions of which one a second is ended.
    victims: str
    program: Program

    def wait(self) -> None:
        """Until its workers are there."""

    def workers(self) -> Sequence[int]:
        """Their process ids."""

    def unfinished(self) -> int | None:
        """Jobs that are ready or run."""

    def begin(self) -> None:
        """From here on jobs are counted."""

    def counted(self) -> tuple[int | None, float | None]:
        """Jobs that were sent and completed since `begin`, and how often each was claimed."""
