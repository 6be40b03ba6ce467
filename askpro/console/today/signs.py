"""What the small tables say, by one statement as of one moment: pauses, shut gates, hosts, and watches."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.states import LIVING

# A host that has been away for longer is no longer missed, nor is a watch.
MISSED_FOR: Final = timedelta(days=1)
MOST_OF_A_KIND: Final = 50


class What(StrEnum):
    """What a sign is of, and with that what its columns mean."""

    QUEUE = "queue"  # a pause: its queue, since when, until when, by whom, why
    ACTOR = "actor"  # the same of one kind of job
    GATE = "gate"  # one that is shut: its name, since when, looked at again when, why
    SILENT = "silent"  # a host that does not beat: its name, and its last beat
    WORKED = "worked"  # one that beats: its name, and its last beat
    WATCH = "watch"  # a watch that nobody has stopped: its host, and its last beat


@dataclass(frozen=True, slots=True)
class Sign:
    what: str
    name: str
    since: datetime
    until: datetime | None = None
    by: str = ""
    why: str = ""


# A host that began again on the same machine has taken the place of the one that fell silent.
SIGNS: Final = f"""
(SELECT kind, name, at, until, by, reason FROM queues_pause WHERE until IS NULL OR until > %(now)s
  ORDER BY kind DESC, name LIMIT %(most)s)
UNION ALL
(SELECT 'gate', name, shut_since, shut_until, '', reason FROM queues_gate WHERE shut_since IS NOT NULL
  ORDER BY name LIMIT %(most)s)
UNION ALL
(SELECT 'worked', host, max(beat_at), NULL, '', '' FROM queues_supervisor
  WHERE status IN {LIVING} AND beat_at >= %(fresh)s GROUP BY host ORDER BY host LIMIT %(most)s)
UNION ALL
(SELECT 'silent', host, max(beat_at), NULL, '', '' FROM queues_supervisor AS lost
  WHERE (status IN {LIVING} OR status = 'dead') AND beat_at < %(fresh)s AND beat_at > %(missed)s
    AND NOT EXISTS (SELECT FROM queues_supervisor AS next
                     WHERE next.host = lost.host AND next.status IN {LIVING} AND next.beat_at >= %(fresh)s
                       AND next.started_at > lost.started_at)
  GROUP BY host ORDER BY host LIMIT %(most)s)
UNION ALL
(SELECT 'watch', host, beat_at, NULL, '', '' FROM watch_watcher WHERE stopped_at IS NULL AND beat_at > %(missed)s
  ORDER BY beat_at DESC LIMIT %(most)s)
"""


def signs(now: datetime) -> list[Sign]:
    """All of them, each kind in its order."""
    values: dict[str, Any] = {
        "now": now,
        "fresh": now - timedelta(seconds=SILENT_AFTER),
        "missed": now - MISSED_FOR,
        "most": MOST_OF_A_KIND,
    }
    with connection.cursor() as cursor:
        cursor.execute(SIGNS, values)
        return [Sign(*row) for row in cursor.fetchall()]


def of(found: Iterable[Sign], *what: What) -> list[Sign]:
    """Those of these kinds."""
    return [sign for sign in found if sign.what in what]
