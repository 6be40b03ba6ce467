"""How every queue stands: what waits and how long, against its promise; what runs; who works it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.console.fleet_acts import PAUSE, address
from askpro.console.permissions import May
from askpro.language.text import Text
from askpro.queues.fleet import status
from askpro.queues.fleet.backlog import MOST_COUNTED
from askpro.queues.fleet.status import MOST_WAITING, QueueStatus
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.metrics import job_figures
from askpro.queues.models import Pause

# What goes out to customers, by the job that sends it: what a person may have to stop at once.
SENDERS: Final[tuple[tuple[str, Text], ...]] = (
    ("send_sms_notification", _("Pause all SMS")),
    ("send_email_notification", _("Pause all e-mails")),
)


@dataclass(slots=True)
class QueueLine:
    """A queue as `fleet.status` tells it, with its pause and the runs of the last hour; `rate` is runs a minute."""

    now: QueueStatus
    pause: Pause | None = None
    completed: int = 0
    failed: int = 0

    @property
    def name(self) -> str:
        return self.now.name

    @property
    def promise(self) -> timedelta:
        return timedelta(seconds=self.now.promise)

    @property
    def oldest(self) -> timedelta | None:
        return timedelta(seconds=self.now.oldest) if self.now.ready else None

    @property
    def is_late(self) -> bool:
        return self.oldest is not None and self.oldest > self.promise

    @property
    def rate(self) -> float:
        return self.now.rate * 60

    @property
    def run_time(self) -> timedelta | None:
        return timedelta(seconds=self.now.run_time) if self.now.run_time else None

    @property
    def runs(self) -> int:
        """In the last hour."""
        return self.completed + self.failed

    @property
    def pool_names(self) -> str:
        return ", ".join(self.now.pools)

    @property
    def waits(self) -> list[tuple[str, int]]:
        """What makes up `later`, by state."""
        return [(state, getattr(self.now, state)) for state in ("scheduled", "retrying", "released")]

    @property
    def is_capped(self) -> bool:
        """There are more ready ones than `ready` says."""
        return self.now.ready >= MOST_COUNTED

    @property
    def nobody_works(self) -> bool:
        return not self.now.processes and bool(self.now.ready)


def lines() -> list[QueueLine]:
    """Every declared queue, and every other that has jobs or is paused."""
    pauses = {pause.name: pause for pause in holding() if pause.kind == Pause.Kind.QUEUE}
    with connection.cursor() as cursor:
        found = status.queues(DjangoConnection(cursor), also=pauses)
    lines = {queue.name: QueueLine(queue, pauses.get(queue.name)) for queue in found}
    _of_the_last_hour(lines)
    return list(lines.values())


def holding() -> list[Pause]:
    """The pauses that hold now."""
    return list(Pause.objects.filter(Q(until=None) | Q(until__gt=Now())).order_by("-kind", "name"))


def stops(pauses: Iterable[Pause]) -> list[tuple[Text, str]]:
    """What can be stopped by itself, and where it is asked for; without what is paused already."""
    paused = {pause.name for pause in pauses if pause.kind == Pause.Kind.ACTOR}
    return [(label, address(PAUSE, actor=name)) for name, label in SENDERS if name not in paused]


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context."""
    found, pauses = lines(), holding()
    may_pause = request.user.has_perm(May.PAUSE)
    with connection.cursor() as cursor:
        shut_or_full = status.gates(DjangoConnection(cursor))
    return {
        "lines": found,
        "pauses": pauses,
        "gates": shut_or_full,
        "stops": [] if not may_pause else stops(pauses),
        "may_pause": may_pause,
        "may_resume": may_pause,
        "late": [line for line in found if line.is_late and not line.pause],
        "unworked": [line for line in found if line.nobody_works and not line.pause],
        "most_waiting": MOST_WAITING,
    }


def _of_the_last_hour(found: dict[str, QueueLine]) -> None:
    now = timezone.now()
    for told in job_figures(now - timedelta(hours=1), now, by="queue"):
        if line := found.get(str(told.key)):
            line.completed, line.failed = told.completed, told.failed
