"""What an appointment's page says of its reminders, and of what its customer was asked."""

from django.utils.translation import gettext as _

from appointments.admin.naming import reader
from appointments.models import Appointment
from askpro.console import display
from askpro.console.table import Table


def reminders(appointment: Appointment) -> Table:
    """When each reminder is due, what was sent, or why not."""
    rows = appointment.reminders.select_related("company", "notification").order_by("due_at", "id")
    cells = [
        [
            row.get_kind_display(),
            display.weekday(row.due_at),
            display.state(row, "state"),
            display.link(row.notification) if row.notification else display.NOTHING,
            row.told(reader()),
            display.weekday(row.starts_at),
        ]
        for row in rows
    ]
    return Table(
        _("Reminders"),
        [_("What"), _("Due"), _("State"), _("Message"), _("Why not"), _("Appointment begins")],
        cells,
        _("No reminder."),
    )


def questions(appointment: Appointment) -> list[Table]:
    """What the customer was asked by SMS, and answered; no table where nothing was asked."""
    cells = [
        [
            row.get_kind_display(),
            display.state(row, "state"),
            row.get_answer_display(),
            display.moment(row.asked_at),
            display.moment(row.ends_at),
        ]
        for row in appointment.questions.order_by("-id")
    ]
    head = [_("Question"), _("State"), _("Answer"), _("Asked"), _("Until")]
    return [Table(_("Asked by SMS"), head, cells, _("Nothing."))] if cells else []
