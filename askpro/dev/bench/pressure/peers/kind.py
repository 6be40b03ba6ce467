"""What is known of a peer. Imports nothing of Django, which is not set up in every worker of a peer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A peer. `tables` and `job_tables` are patterns of `schema.table`."""

    name: str
    setting: str
    processes: int
    tables: str
    job_tables: str
