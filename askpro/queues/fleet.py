"""A supervisor's side of the fleet: what it was told, what is paused, what it has to tell."""

from dataclasses import dataclass

from askpro.queues.database import Connection

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


def take(database: Connection, supervisor_id: int) -> list[Command]:
    """What this supervisor has been told and has not done yet, each once, oldest first."""
    return [Command(*row[1:]) for row in sorted(database.rows(TAKE, (supervisor_id,)))]


def scales(database: Connection, supervisor_id: int) -> dict[str, int]:
    """The processes that somebody gave this supervisor's pools by command."""
    return {pool: processes for pool, processes in database.rows(SCALES, (supervisor_id,)) if processes is not None}


def paused(database: Connection) -> frozenset[tuple[str, str]]:
    """(kind, name) of every pause that holds now."""
    return frozenset(database.rows(PAUSED))


def note(database: Connection, kind: str, text: str, supervisor_id: int | None = None) -> None:
    """Remember that something happened, as a `FleetEvent`; people are mailed about the urgent kinds."""
    database.rows(NOTE, (kind, text[:500], supervisor_id))
