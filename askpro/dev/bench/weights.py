"""What a job of one kind costs in PostgreSQL."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Weight:
    """Per job: rows and bytes that stay; bytes of log and statements of a job alone; bytes of log among many.

    Statements are those of worker and chores, the claim included; the sender's own is one for up to a thousand jobs.
    """

    kind: str
    rows: float
    kept: float
    log_alone: float
    log_together: float
    statements_alone: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
