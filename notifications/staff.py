"""Tells a company's staff that a person is needed."""

from appointments.models import FollowUp
from notifications import recipients, sending
from notifications.models import Notification


def tell(follow_up: FollowUp) -> list[Notification]:
    """Tell the branch by mail that a person is needed, once per follow-up; does nothing if no address is set."""
    branch_email = follow_up.branch.notification_email if follow_up.branch else ""
    address = recipients.staff_email(follow_up.company, branch_email)
    if not address:
        return []
    draft = Notification(
        company=follow_up.company,
        follow_up=follow_up,
        call_id=follow_up.call_id,
        customer_id=follow_up.customer_id,
        kind=Notification.Kind.STAFF,
        channel=Notification.Channel.EMAIL,
        recipient=address,
        language=follow_up.company.language,
    )
    return sending.write([draft])
