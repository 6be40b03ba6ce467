"""`manage.py queues_restart`: every supervisor re-executes itself with the current code."""

from askpro.queues.management.tell_fleet import TellFleet
from askpro.queues.models import FleetCommand


class Command(TellFleet):
    help = (
        "Restart every supervisor on every host with the current code. Old processes finish their jobs while new ones"
        " start. If the new code does not start, this is reported and the old code keeps running."
    )
    kind = FleetCommand.Kind.RESTART
