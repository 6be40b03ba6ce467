"""`manage.py queues_stop`: every supervisor finishes its running jobs and ends."""

from askpro.queues.management.tell_fleet import TellFleet
from askpro.queues.models import FleetCommand


class Command(TellFleet):
    help = "Have every supervisor on every host finish its running jobs, give the others back, and end."
    kind = FleetCommand.Kind.STOP
