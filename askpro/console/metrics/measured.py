"""Of which time there are figures: since the installation's first, and until the chores counted last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

ENDS = "SELECT (SELECT min(at) FROM queues_metricday), (SELECT max(counted_at) FROM queues_metricfold)"


@dataclass(frozen=True, slots=True)
class Measured:
    """None stands for no end that is known."""

    since: datetime | None
    until: datetime | None

    @classmethod
    def now(cls) -> "Measured":
        with connection.cursor() as cursor:
            cursor.execute(ENDS)
            return cls(*cursor.fetchone())

    def covers(self, at: datetime, step: timedelta) -> bool:
        """Whether something was counted in the step that begins then: without runs, its count is zero, not unknown."""
        return (self.since is None or at + step > self.since) and (self.until is None or at <= self.until)
