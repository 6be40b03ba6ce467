"""`manage.py queues_restart`: every supervisor executes itself anew, so that the code of now runs."""

from askpro.queues.management.tell_fleet import TellFleet
from askpro.queues.models import FleetCommand


class Command(TellFleet):
    help = (
        "Have every supervisor of every host start anew with the code of now. Old processes finish their jobs while new"
        " ones start; code that does not start is reported, and the old goes on."
    )
    kind = FleetCommand.Kind.RESTART
