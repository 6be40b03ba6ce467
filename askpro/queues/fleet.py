"""Acts on all supervisors of all hosts, as rows that each of them looks for; and what happened to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from askpro.queues.database import Connection
from askpro.queues.models import FleetCommand, FleetEvent, Pause, Supervisor

TAKE = """
UPDATE queues_fleetcommand SET taken_at = clock_timestamp()
 WHERE supervisor_id = %s AND taken_at IS NULL RETURNING id, kind, pool, processes
"""
# A new chores process does not know what its predecessor was told.
SCALES = """
SELECT DISTINCT ON (pool) pool, processes FROM queues_fleetcommand
 WHERE supervisor_id = %s AND kind = 'scale' AND taken_at IS NOT NULL ORDER BY pool, id DESC
"""
PAUSED = "SELECT kind, name FROM queues_pause WHERE until IS NULL OR until > clock_timestamp()"
NOTE = "INSERT INTO queues_fleetevent (kind, text, supervisor_id) VALUES (%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Command:
    """What a supervisor has been told to do."""

    kind: str
    pool: str
    processes: int | None


def pause(kind: Pause.Kind, names: Collection[str], until: datetime | None = None, by: str = "") -> None:
    """Let nobody claim jobs of these queues or actors, until `until` or for good; what runs goes on."""
    for name in names:
        Pause.objects.update_or_create(kind=kind, name=name, defaults={"until": until, "by": by})
    _note_command(f"pause {kind} {', '.join(names)}" + (f" until {until:%Y-%m-%d %H:%M %Z}" if until else ""), by)


def resume(kind: Pause.Kind, names: Collection[str], by: str = "") -> int:
    """End pauses; returns how many there were."""
    count, _ = Pause.objects.filter(kind=kind, name__in=names).delete()
    if count:
        _note_command(f"resume {kind} {', '.join(names)}", by)
    return count


def command(kind: FleetCommand.Kind, pool: str = "", processes: int | None = None, by: str = "") -> list[FleetCommand]:
    """Tell every living supervisor, or those that run the pool; returns one row for each."""
    living = Supervisor.objects.filter(status__in=Supervisor.LIVING)
    if pool:
        living = living.filter(pools__contains=[pool])
    rows = [FleetCommand(supervisor=each, kind=kind, pool=pool, processes=processes, by=by) for each in living]
    told = FleetCommand.objects.bulk_create(rows)
    if told:
        _note_command(" ".join(filter(None, [kind, pool, "" if processes is None else str(processes)])), by)
    return told


def take(database: Connection, supervisor_id: int) -> list[Command]:
    """What this supervisor has been told and has not done yet, each once, oldest first."""
    return [Command(*row[1:]) for row in sorted(database.rows(TAKE, (supervisor_id,)))]


def scales(database: Connection, supervisor_id: int) -> dict[str, int]:
    """The processes that somebody gave this supervisor's pools by command."""
    return {pool: processes for pool, processes in database.rows(SCALES, (supervisor_id,)) if processes is not None}


def paused(database: Connection) -> frozenset[tuple[str, str]]:
    """(kind, name) of every pause that holds now."""
    return frozenset(database.rows(PAUSED))


def note(database: Connection, kind: FleetEvent.Kind, text: str, supervisor_id: int | None = None) -> None:
    """Remember that something happened; people are mailed about the urgent kinds."""
    database.rows(NOTE, (kind.value, text[:500], supervisor_id))


def _note_command(text: str, by: str) -> None:
    FleetEvent.objects.create(kind=FleetEvent.Kind.COMMAND, text=(f"{by}: {text}" if by else text)[:500])
