"""Carries out a wanted change, of whatever kind it is."""

from appointments.changes.answering import Answering
from appointments.changes.execution import Execution
from appointments.models import Change
from askpro.queues.errors import Gone


def carry_out(change_id: int, *, is_answered: bool = False) -> None:
    """Carry out a change that waits; does nothing when it has ended. Raises `Gone`, and Cal.com's errors.

    `is_answered`: somebody waits for the result and is told it; else a person is told if the change is refused.
    """
    rows = Change.objects.select_related("appointment__company", "appointment__service", "appointment__branch__company")
    change = rows.filter(pk=change_id).first()
    if change is None:
        raise Gone(f"There is no change {change_id}.")
    if change.state == Change.State.WAITING:
        kind = Execution if change.kind in Change.OF_TIME else Answering
        kind(change, is_answered).run()
