"""What the watch has found and people are told of."""

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from askpro.console import display
from askpro.console.repair.outages import repair_of_incident
from askpro.console.today.trouble import DANGER, WARNING, Trouble
from askpro.watch import message
from askpro.watch.conditions.base import Severity
from askpro.watch.models import Incident, open_incidents

MOST: Final = 30


def incidents() -> Iterator[Trouble]:
    """Those that are open; the newest, should there be very many."""
    for incident in open_incidents().order_by("-began_at", "-pk")[:MOST]:
        yield _told(incident)


def _told(incident: Incident) -> Trouble:
    cause, todo = message.advice(incident)
    return Trouble(
        tone=DANGER if incident.severity == Severity.CRITICAL else WARNING,
        code=incident.code,
        about=incident.about,
        what=f"{message.title(incident)} ({incident.about})",
        why=cause,
        todo=todo,
        address=display.address(incident),
        label=_("Incident"),
        since=incident.began_at,
        incident=display.address(incident),
        taken_by=incident.acknowledged_by,
        repair=repair_of_incident(incident),
    )
