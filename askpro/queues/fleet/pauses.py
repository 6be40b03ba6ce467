"""Queues and jobs that may not be claimed for a while. Every supervisor reads the rows; each change is an event."""

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from askpro.queues.fleet import events
from askpro.queues.ledger.database import Connection
from askpro.queues.models import Pause

PAUSED = "SELECT kind, name FROM queues_pause WHERE until IS NULL OR until > clock_timestamp()"


def pause(
    kind: Pause.Kind, names: Collection[str], until: datetime | None = None, by: str = "", reason: str = ""
) -> None:
    """Let no worker claim jobs of these queues or actors, until `until` or `resume`; running jobs finish."""
    said = {"until": until, "by": by, "reason": reason[:500], "at": timezone.now()}
    for name in names:
        Pause.objects.update_or_create(kind=kind, name=name, defaults=said)
    words = f"pause {kind} {', '.join(names)}" + (f" until {until:%Y-%m-%d %H:%M %Z}" if until else "")
    events.note_command(words, by, reason)


def resume(kind: Pause.Kind, names: Collection[str], by: str = "", reason: str = "") -> int:
    """End pauses; returns how many there were."""
    count, _ = Pause.objects.filter(kind=kind, name__in=names).delete()
    if count:
        events.note_command(f"resume {kind} {', '.join(names)}", by, reason)
    return count


def paused(database: Connection) -> frozenset[tuple[str, str]]:
    """(kind, name) of every pause that holds now."""
    return frozenset(database.rows(PAUSED))
