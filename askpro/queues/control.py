"""What people do to the fleet, from any host: rows that every supervisor looks for. Each act leaves an event."""

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from askpro.queues.models import FleetCommand, FleetEvent, Pause, Supervisor


def pause(
    kind: Pause.Kind, names: Collection[str], until: datetime | None = None, by: str = "", reason: str = ""
) -> None:
    """Let nobody claim jobs of these queues or actors, until `until` or for good; what runs goes on."""
    said = {"until": until, "by": by, "reason": reason[:500], "at": timezone.now()}
    for name in names:
        Pause.objects.update_or_create(kind=kind, name=name, defaults=said)
    words = f"pause {kind} {', '.join(names)}" + (f" until {until:%Y-%m-%d %H:%M %Z}" if until else "")
    note_command(words, by, reason)


def resume(kind: Pause.Kind, names: Collection[str], by: str = "", reason: str = "") -> int:
    """End pauses; returns how many there were."""
    count, _ = Pause.objects.filter(kind=kind, name__in=names).delete()
    if count:
        note_command(f"resume {kind} {', '.join(names)}", by, reason)
    return count


def command(
    kind: FleetCommand.Kind,
    pool: str = "",
    processes: int | None = None,
    by: str = "",
    *,
    reason: str = "",
    supervisor_id: int | None = None,
) -> list[FleetCommand]:
    """Tell every living supervisor, those that run the pool, or one alone; returns one row for each."""
    living = Supervisor.objects.filter(status__in=Supervisor.LIVING)
    if pool:
        living = living.filter(pools__contains=[pool])
    if supervisor_id is not None:
        living = living.filter(pk=supervisor_id)
    rows = [FleetCommand(supervisor=each, kind=kind, pool=pool, processes=processes, by=by) for each in living]
    told = FleetCommand.objects.bulk_create(rows)
    if told:
        count = "auto" if kind == FleetCommand.Kind.SCALE and processes is None else str(processes or "")
        where = f"on {told[0].supervisor.host}" if supervisor_id is not None else ""
        note_command(" ".join(filter(None, [kind, pool, count, where])), by, reason, supervisor_id)
    return told


def note_command(text: str, by: str, reason: str = "", supervisor_id: int | None = None) -> None:
    """Remember what somebody did, and why."""
    words = (f"{by}: {text}" if by else text) + (f" ({reason})" if reason else "")
    FleetEvent.objects.create(kind=FleetEvent.Kind.COMMAND, text=words[:500], supervisor_id=supervisor_id)
