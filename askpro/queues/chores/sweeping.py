"""The chores that may be slow, in a thread of their own: notes, schedule, figures, retention, the apps' sweepers."""

import logging
import threading
import time
from collections import defaultdict
from functools import partial

from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string

from askpro.queues.chores import late_queues, overdue, retention, schedule, shut_gates, snapshot
from askpro.queues.chores.rhythm import Rhythm
from askpro.queues.jobs import interventions
from askpro.queues.ledger.floors import Floor
from askpro.queues.metrics import fold, rollup

log = logging.getLogger(__name__)

# Seconds between two runs of each.
NOTE_EVERY = 5.0
OVERDUE_EVERY = 10.0
FOLD_EVERY = 10.0
KEEP_EVERY = 5.0
ROLL_EVERY = 60.0
SCHEDULE_EVERY = 1.0
SNAPSHOT_EVERY = 30.0
SWEEP_EVERY = 30.0
# The most of the time that the search for overdue and expired jobs takes: an old snapshot makes it slow.
OVERDUE_SHARE = 0.02
# The most that the figures take.
FOLD_SHARE = 0.1


class Sweeping(threading.Thread):
    """Calls the apps' sweepers and the slow chores. An error in one does not stop the others."""

    def __init__(self) -> None:
        super().__init__(name="sweeping", daemon=True)
        self._rhythms = [
            Rhythm(NOTE_EVERY, partial(late_queues.look, defaultdict(Floor))),
            Rhythm(NOTE_EVERY, shut_gates.look),
            Rhythm(OVERDUE_EVERY, interventions.end_overdue, OVERDUE_SHARE),
            Rhythm(OVERDUE_EVERY, overdue.Walk().end_ready, OVERDUE_SHARE),
            Rhythm(OVERDUE_EVERY, interventions.end_expired, OVERDUE_SHARE),
            Rhythm(SCHEDULE_EVERY, schedule.Timetable().send_due),
            Rhythm(SNAPSHOT_EVERY, snapshot.take_if_due),
            Rhythm(FOLD_EVERY, fold.Folder().look, FOLD_SHARE),
            Rhythm(ROLL_EVERY, rollup.look, FOLD_SHARE),
            Rhythm(KEEP_EVERY, retention.Keeper().look),
            *(Rhythm(SWEEP_EVERY, partial(_sweep, path)) for path in settings.SWEEPERS),
        ]

    def run(self) -> None:
        while True:
            for rhythm in self._rhythms:
                try:
                    rhythm.run_if_due()
                except Exception as error:  # the loop's edge: the next sweep tries again
                    log.exception("A sweeper failed: %s", type(error).__name__)
                    if isinstance(error, Error):
                        connection.close()
            time.sleep(1)


def _sweep(path: str) -> None:
    import_string(path)()
