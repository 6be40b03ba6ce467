"""`manage.py queues_stop`: every supervisor finishes its running jobs and ends."""

from askpro.queues.management.tell_fleet import TellFleet
from askpro.queues.models import FleetCommand


class Command(TellFleet):
    help = "Have every supervisor of every host finish what runs, give the rest back, and end."
    kind = FleetCommand.Kind.STOP
