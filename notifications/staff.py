"""Tells a company's staff that a person is needed."""

from appointments.models import Escalation, FollowUp
from notifications import recipients, sending
from notifications.models import Notification


def tell(follow_up: FollowUp) -> list[Notification]:
    """Tell the branch by mail that a person is needed, once per follow-up; does nothing if no address is set."""
    address = _branch_email(follow_up)
    return sending.write([_draft(follow_up, address)]) if address else []


def warn(follow_up: FollowUp, escalation: Escalation) -> list[Notification]:
    """Tell by mail that a deadline has passed, once per deadline."""
    return sending.write([_draft(follow_up, escalation.told, escalation.version)])


def address_for(follow_up: FollowUp, step: Escalation.Step) -> str:
    """Who is told when this deadline passes: whose it is, else the branch; then the company; then its last resort.

    Empty if the company has no address at all.
    """
    company, branch_email = follow_up.company, _branch_email(follow_up)
    if step == Escalation.Step.WARNING:
        assignee = follow_up.assignee
        return (assignee.email if assignee is not None and assignee.is_active else "") or branch_email
    own = company.notification_email or branch_email
    return own if step == Escalation.Step.LATE else company.escalation_email or own


def _branch_email(follow_up: FollowUp) -> str:
    return recipients.staff_email(follow_up.company, follow_up.branch.notification_email if follow_up.branch else "")


def _draft(follow_up: FollowUp, address: str, version: int = 1) -> Notification:
    return Notification(
        company=follow_up.company,
        follow_up=follow_up,
        call_id=follow_up.call_id,
        customer_id=follow_up.customer_id,
        kind=Notification.Kind.STAFF,
        channel=Notification.Channel.EMAIL,
        version=version,
        recipient=address,
        language=follow_up.company.language,
    )
