"""Which hosts run the queues, as conditions see them at a moment."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from askpro.queues.fleet.state import SILENT_AFTER, State
from askpro.queues.models import Supervisor
from askpro.queues.states import SupervisorStatus


def living(now: datetime) -> list[Supervisor]:
    """The `queues_run` that beat: also those that finish their last jobs."""
    fresh = now - timedelta(seconds=SILENT_AFTER)
    return list(Supervisor.objects.filter(status__in=Supervisor.LIVING, beat_at__gte=fresh).order_by("pk"))


def fallen(now: datetime, within: timedelta) -> list[Supervisor]:
    """Those whose last beat is no older than `within`, and that have neither beaten since nor signed off."""
    silent = now - timedelta(seconds=SILENT_AFTER)
    lately = Supervisor.objects.filter(beat_at__gte=now - within, beat_at__lt=silent)
    return list(lately.filter(status__in=[*Supervisor.LIVING, SupervisorStatus.DEAD]).order_by("pk"))


def worked_queues(alive: Iterable[Supervisor]) -> set[str]:
    """The queues that at least one worker process of these hosts takes jobs from."""
    groups = [group for row in alive for group in State.from_json(row.state).groups.values()]
    return {queue for group in groups if group.working for queue in group.queues}
