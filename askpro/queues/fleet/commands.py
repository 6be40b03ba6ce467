"""Commands of people to the supervisors, from any host: one row for each supervisor, which takes it within a second."""

from dataclasses import dataclass

from askpro.queues.fleet import events
from askpro.queues.ledger.database import Connection
from askpro.queues.models import FleetCommand, Supervisor

TAKE = """
UPDATE queues_fleetcommand SET taken_at = clock_timestamp()
 WHERE supervisor_id = %s AND taken_at IS NULL RETURNING id, kind, pool, processes
"""
# For a new chores process, which does not know the commands that its predecessor took.
SCALES = """
SELECT DISTINCT ON (pool) pool, processes FROM queues_fleetcommand
 WHERE supervisor_id = %s AND kind = 'scale' AND taken_at IS NOT NULL ORDER BY pool, id DESC
"""


@dataclass(frozen=True, slots=True)
class Command:
    """What a supervisor has been told to do."""

    kind: str
    pool: str
    processes: int | None


def command(
    kind: FleetCommand.Kind,
    pool: str = "",
    processes: int | None = None,
    by: str = "",
    *,
    reason: str = "",
    supervisor_id: int | None = None,
) -> list[FleetCommand]:
    """Tell every living supervisor, or those that run the pool, or just one; returns one row for each."""
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
        events.note_command(" ".join(filter(None, [kind, pool, count, where])), by, reason, supervisor_id)
    return told


def take(database: Connection, supervisor_id: int) -> list[Command]:
    """The commands that this supervisor has not taken yet, oldest first; each is returned once."""
    return [Command(*row[1:]) for row in sorted(database.rows(TAKE, (supervisor_id,)))]


def scales(database: Connection, supervisor_id: int) -> dict[str, int]:
    """The processes that this supervisor's pools were given by command."""
    return {pool: processes for pool, processes in database.rows(SCALES, (supervisor_id,)) if processes is not None}
