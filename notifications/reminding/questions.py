"""The question that goes with a reminder: whether the customer comes."""

from appointments.models import Question
from notifications import senders
from notifications.models import Notification


def ask(notification: Notification, sender: str) -> bool:
    """Open the question in the transaction that hands the reminder over; False if the reminder asks nothing.

    Nothing is asked of who has said so already, by a sender that takes no answers, or while another question is open
    that the same word would answer: then the reminder goes out without one.
    """
    appointment = notification.appointment
    if notification.kind not in Notification.REMINDERS or appointment is None or not senders.takes_answers(sender):
        return False
    if appointment.customer_confirmed_at is not None:
        return False
    question = Question.ask(
        kind=Question.Kind.REMINDER,
        company=notification.company,
        customer=notification.customer,
        appointment=appointment,
        notification=notification,
        number=notification.recipient,
        sender=sender,
        ends_at=appointment.starts_at,
    )
    return question is not None
