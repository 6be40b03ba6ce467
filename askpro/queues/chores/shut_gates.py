"""Notes gates that have been shut for long, and when they are open again."""

from django.db import connection, transaction

from askpro.queues.chores.alone import is_alone
from askpro.queues.models import FleetEvent

# Seconds after which it is noted that a gate is shut.
TOLD_AFTER = 120.0
SHUT_FOR_LONG = """
UPDATE queues_gate SET told_at = clock_timestamp()
 WHERE told_at IS NULL AND shut_since < clock_timestamp() - %s * interval '1 second' RETURNING name, reason
"""
OPEN_AGAIN = "UPDATE queues_gate SET told_at = NULL WHERE told_at IS NOT NULL AND shut_since IS NULL RETURNING name"


def look() -> int:
    """Note the gates that have been shut for long, each once, and which of them are open again; returns how many."""
    with transaction.atomic():
        if not is_alone():
            return 0
        with connection.cursor() as cursor:
            cursor.execute(SHUT_FOR_LONG, [TOLD_AFTER])
            events = [shut(name, reason) for name, reason in cursor.fetchall()]
            cursor.execute(OPEN_AGAIN)
            events += [opened(name) for (name,) in cursor.fetchall()]
        return len(FleetEvent.objects.bulk_create(events))


def shut(name: str, reason: str) -> FleetEvent:
    words = f"has been shut for more than {TOLD_AFTER / 60:g} minutes: {reason}. Its jobs wait and spend no try."
    return _event(FleetEvent.Kind.GATE_SHUT, name, words)


def opened(name: str) -> FleetEvent:
    return _event(FleetEvent.Kind.GATE_OPEN, name, "answers again.")


def _event(kind: FleetEvent.Kind, name: str, words: str) -> FleetEvent:
    return FleetEvent(kind=kind, about=name, text=f"{name} {words}"[:500])
