"""What runs took, by hour, kind of job and company: counted in memory, added to the hour's rows now and then."""

import threading
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from askpro.queues.insight.record import RunRecord
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection

# More kinds and companies than this are not told apart between two writings: then all of a kind are of no company.
MOST_SERIES = 2_000
Series = tuple[str, str, int]


@dataclass(slots=True)
class Cost:
    """What runs took together; times in seconds."""

    slow: int = 0
    sql_seconds: float = 0.0
    sql_count: int = 0
    vendor_seconds: float = 0.0
    vendor_count: int = 0
    cpu_seconds: float = 0.0


SUMS = tuple(each.name for each in fields(Cost))
KINDS = {int: "bigint", float: "double precision"}
# In the order of the key, so that two workers that add to the same rows never wait for each other in a circle.
ADD = """
INSERT INTO queues_runcost (hour, actor_name, queue_name, company_id, {sums})
SELECT date_trunc('hour', clock_timestamp(), 'UTC'), added.*
  FROM unnest(%s::text[], %s::text[], %s::bigint[], {arrays}) AS added (actor_name, queue_name, company_id, {sums})
 ORDER BY added.actor_name, added.queue_name, added.company_id
    ON CONFLICT (hour, actor_name, queue_name, company_id) DO UPDATE SET {updates}
""".format(
    sums=", ".join(SUMS),
    arrays=", ".join(f"%s::{KINDS[type(value)]}[]" for value in astuple(Cost())),
    updates=", ".join(f"{name} = queues_runcost.{name} + excluded.{name}" for name in SUMS),
)


class Costs:
    """What the runs of one process took since the last writing: of those that asked somebody, or were slow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[Series, Cost] = {}

    def add(self, claim: Claim, company_id: int | None, record: RunRecord, is_slow: bool) -> None:
        key = (claim.actor_name, claim.queue_name, company_id or 0)
        with self._lock:
            cost = self._series.get(key) or self._new(key)
            cost.slow += is_slow
            cost.cpu_seconds += record.cpu_seconds
            cost.sql_seconds += record.sql.seconds
            cost.sql_count += record.sql.count
            cost.vendor_seconds += record.vendors.seconds
            cost.vendor_count += record.vendors.count

    def write(self, database: Connection) -> None:
        """Add everything to the rows of this hour. What cannot be written, by one of `CONNECTION_ERRORS`, is kept."""
        with self._lock:
            taken, self._series = self._series, {}
        if not taken:
            return
        try:
            database.rows(ADD, _columns(taken))
        except BaseException:
            self._give_back(taken)
            raise

    def _new(self, key: Series) -> Cost:
        if len(self._series) >= MOST_SERIES:
            key = (*key[:2], 0)
        return self._series.setdefault(key, Cost())

    def _give_back(self, taken: dict[Series, Cost]) -> None:
        with self._lock:
            for key, cost in taken.items():
                mine = self._new(key)
                for name in SUMS:
                    setattr(mine, name, getattr(mine, name) + getattr(cost, name))


def _columns(series: dict[Series, Cost]) -> Sequence[list[object]]:
    rows = [(*key, *astuple(cost)) for key, cost in series.items()]
    return [list(column) for column in zip(*rows, strict=True)]
