"""Jobs that gave up in the last day, by what they died of."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from askpro.console import display
from askpro.console.repair.addresses import address
from askpro.console.repair.kinds import EMPTY
from askpro.console.today.counting import MOST
from askpro.console.today.trouble import DANGER, WARNING, Trouble

WITHIN: Final = timedelta(days=1)
# Whatever died within this time may go on dying.
FRESH: Final = timedelta(hours=1)
MOST_CAUSES: Final = 5
DEAD: Final = f"""
SELECT actor_name, error_class, count(*), min(finished_at), max(finished_at), count(*) OVER () FROM (
    SELECT actor_name, error_class, finished_at FROM queues_job
     WHERE status = 'dead' AND finished_at > %(since)s AND finished_at <= %(now)s
     ORDER BY finished_at DESC LIMIT {MOST}) AS dead
 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {MOST_CAUSES}
"""


def dead_jobs(now: datetime) -> Iterator[Trouble]:
    """The most frequent causes, and how many others there are."""
    with connection.cursor() as cursor:
        cursor.execute(DEAD, {"now": now, "since": now - WITHIN})
        found = cursor.fetchall()
    for actor, error, count, first_at, last_at, _causes in found:
        yield _dead(actor, error, count, first_at, is_fresh=last_at > now - FRESH)
    others = found[0][-1] - len(found) if found else 0
    if others:
        yield _others(others)


def _dead(actor: str, error: str, count: int, first_at: datetime, *, is_fresh: bool) -> Trouble:
    kind = error.rpartition(".")[2]
    number = display.number(count) + ("+" if count >= MOST else "")
    words = ngettext(
        "%(count)s job %(actor)s gave up: %(error)s.", "%(count)s jobs %(actor)s gave up: %(error)s.", count
    )
    return Trouble(
        tone=DANGER if is_fresh else WARNING,
        code="dead_jobs",
        about=f"{actor}: {kind}",
        what=words % {"count": number, "actor": actor, "error": kind or _("unknown error")},
        todo=_("What they were for has not happened. Look at one, mend the cause, then retry them together."),
        address=address("failures", job=actor, error=error or EMPTY),
        label=_("Repair"),
        since=first_at,
    )


def _others(count: int) -> Trouble:
    words = ngettext("Jobs gave up for %(count)s more cause.", "Jobs gave up for %(count)s more causes.", count)
    return Trouble(
        tone=WARNING,
        code="dead_jobs",
        about="others",
        what=words % {"count": count},
        todo=_("The page of failures has them all."),
        address=reverse("admin:failures"),
        label=_("Failures"),
    )
