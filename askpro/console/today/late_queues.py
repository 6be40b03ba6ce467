"""Queues whose oldest ready job has waited longer than promised."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console import display
from askpro.console.today.signs import Sign, What
from askpro.console.today.trouble import DANGER, Trouble
from askpro.watch.ready import Ready, ready

# More late jobs of a queue than these are not counted.
MOST: Final = 1000


def late_queues(now: datetime, paused: Iterable[Sign]) -> Iterator[Trouble]:
    """The paused ones are not late: somebody wanted it."""
    names = frozenset(("actor" if sign.what == What.ACTOR else "queue", sign.name) for sign in paused)
    for queue in ready(now, names, MOST):
        if queue.age(now).total_seconds() > queue.promise:
            yield _late(queue, now)


def _late(queue: Ready, now: datetime) -> Trouble:
    count = display.number(queue.late) + ("+" if queue.late >= MOST else "")
    promise = timedelta(seconds=queue.promise)
    facts = {
        "queue": queue.queue,
        "count": count,
        "age": display.duration(queue.age(now)),
        "promise": display.duration(promise),
    }
    chosen = urlencode({"queue": queue.queue, "status__exact": "queued"})
    return Trouble(
        tone=DANGER,
        code="promise_broken",
        about=queue.queue,
        what=_("The queue %(queue)s is late: its oldest job has waited %(age)s, and %(promise)s are promised.") % facts,
        why=_("Late jobs: %(count)s") % facts,
        todo=_("Look who works the queue, and what they run. If all are busy with one vendor, look at that vendor."),
        address=f"{reverse('admin:queues_job_changelist')}?{chosen}",
        label=_("Jobs"),
        since=queue.since + promise,
    )
