"""Cancels one appointment, at Cal.com first."""

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from appointments.changes.limits import objection
from appointments.changes.request import Origin, cancel
from appointments.models import Appointment, Change

# Seconds for which Cal.com is waited for; after that a job goes on.
PATIENCE: Final = 20.0


class Command(BaseCommand):
    help = (
        "Cancel an appointment by the same function as everybody: at Cal.com first, then here, and the customer is "
        "told. There is no way to cancel without telling: who is not told comes in vain."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("appointment", metavar="ID", type=int)
        parser.add_argument("--reason", default="", help="for the host at Cal.com, and for the appointment's history")
        parser.add_argument("--dry-run", action="store_true", help="only say whether it can be cancelled")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Appointment.objects.select_related("company", "service", "branch__company")
        appointment = rows.filter(pk=options["appointment"]).first()
        if appointment is None:
            raise CommandError(f"There is no appointment {options['appointment']}.")
        self.stdout.write(_told(appointment))
        if appointment.status == Appointment.Status.CANCELLED:
            self.stdout.write("It is cancelled already: nothing to do.")
        elif options["dry_run"]:
            self._check(appointment)
        else:
            self._cancel(appointment, options["reason"])

    def _check(self, appointment: Appointment) -> None:
        why_not = objection(appointment, Change.Kind.CANCEL, None, may_override=True)
        if why_not is not None:
            raise CommandError(f"It cannot be cancelled: {why_not.detail.tell(why_not.facts, 'en')}")
        self.stdout.write("It would be cancelled at Cal.com and here, and the customer told.")

    def _cancel(self, appointment: Appointment, reason: str) -> None:
        change = cancel(appointment, Origin(Change.Channel.CONSOLE), reason, patience=PATIENCE)
        if change.state == Change.State.REFUSED:
            raise CommandError(f"Not cancelled: {change.told('en')}")
        if change.state == Change.State.WAITING:
            self.stdout.write(f"Cal.com has not answered: a job carries out change {change.pk}, and a person is told.")
        else:
            self.stdout.write(f"Cancelled (change {change.pk}); the customer is told.")


def _told(appointment: Appointment) -> str:
    zone = appointment.branch.zone if appointment.branch else timezone.get_default_timezone()
    when = f"{appointment.starts_at.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"Appointment {appointment.pk} of {appointment.company.slug}, {when}, {appointment.status}."
