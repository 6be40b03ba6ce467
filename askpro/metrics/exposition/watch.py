"""What the watchers have found. Read by the names of their tables: the watchers go by our figures, not we by theirs."""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import Metric

from askpro.metrics.exposition.families import gauge, one
from askpro.queues.ledger.database import Connection

INCIDENTS: Final = "SELECT code, severity, count(*) FROM watch_incident WHERE status = 'open' GROUP BY 1, 2"
# A watcher that has not gone round for a minute tells nobody.
WATCHERS: Final = """
SELECT count(*) FROM watch_watcher WHERE stopped_at IS NULL AND beat_at > clock_timestamp() - interval '1 minute'
"""


def families(database: Connection) -> Iterator[Metric]:
    """Incidents by condition, and who looks."""
    incidents = {(code, severity): float(count) for code, severity, count in database.rows(INCIDENTS)}
    yield gauge("askpro_incidents_open", "What is wrong, by condition.", ["code", "severity"], incidents)
    ((watchers,),) = database.rows(WATCHERS)
    yield one("askpro_watchers", "Watchers that go round.", float(watchers))
