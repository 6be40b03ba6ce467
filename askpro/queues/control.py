"""What people do to the fleet, from any host: rows that every supervisor looks for. Each act leaves an event."""

from collections.abc import Collection
from datetime import datetime

from askpro.queues.models import FleetCommand, FleetEvent, Pause, Supervisor


def pause(kind: Pause.Kind, names: Collection[str], until: datetime | None = None, by: str = "") -> None:
    """Let nobody claim jobs of these queues or actors, until `until` or for good; what runs goes on."""
    for name in names:
        Pause.objects.update_or_create(kind=kind, name=name, defaults={"until": until, "by": by})
    note_command(f"pause {kind} {', '.join(names)}" + (f" until {until:%Y-%m-%d %H:%M %Z}" if until else ""), by)


def resume(kind: Pause.Kind, names: Collection[str], by: str = "") -> int:
    """End pauses; returns how many there were."""
    count, _ = Pause.objects.filter(kind=kind, name__in=names).delete()
    if count:
        note_command(f"resume {kind} {', '.join(names)}", by)
    return count


def command(kind: FleetCommand.Kind, pool: str = "", processes: int | None = None, by: str = "") -> list[FleetCommand]:
    """Tell every living supervisor, or those that run the pool; returns one row for each."""
    living = Supervisor.objects.filter(status__in=Supervisor.LIVING)
    if pool:
        living = living.filter(pools__contains=[pool])
    rows = [FleetCommand(supervisor=each, kind=kind, pool=pool, processes=processes, by=by) for each in living]
    told = FleetCommand.objects.bulk_create(rows)
    if told:
        note_command(" ".join(filter(None, [kind, pool, "" if processes is None else str(processes)])), by)
    return told


def note_command(text: str, by: str) -> None:
    """Remember what somebody did."""
    FleetEvent.objects.create(kind=FleetEvent.Kind.COMMAND, text=(f"{by}: {text}" if by else text)[:500])
