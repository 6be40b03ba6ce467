"""One e-mail, from its row to the mail server's answer."""

from contextlib import suppress
from email.mime.image import MIMEImage
from email.utils import formataddr, parseaddr
from smtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from askpro import gates, outside
from askpro.deadline import deadline
from askpro.gates import OnlyThisMail
from askpro.http import KeyRefused, refuse_inside_transaction
from askpro.metrics.exchange import Result, exchange
from askpro.queues.errors import JobError, RateLimited, Rejected, Unavailable, Unknown, Unreached
from notifications import recipients
from notifications.attempts import wait_for_earlier_attempt
from notifications.models import Notification
from notifications.own_texts import own_text
from notifications.relevance import wait_for_cancellation, why_not_any_more
from notifications.reports import letter
from notifications.text import ics, texts
from notifications.text.entry import entry_of
from notifications.why import Why


class Undeliverable(JobError):
    """The mail server refuses this message for good."""

    def __init__(self, why: Why, **facts: int) -> None:
        super().__init__(why.tell(facts, "en"))
        self.why, self.facts = why, facts


class _WithPicture(EmailMultiAlternatives):
    """A mail whose HTML shows what is attached to it."""

    mixed_subtype = "related"


def send(notification: Notification) -> None:
    """Send it. A mail whose outcome is unknown is sent once more: SMTP cannot be asked, and a confirmation that never
    arrives is worse than one that arrives twice. Both copies have the same Message-ID, by which mail programs
    recognise them as one."""
    if notification.may_be_sent_already:
        wait_for_earlier_attempt(notification)
        if not notification.reopen():
            return
    if why := why_not_any_more(notification):
        notification.skip(why)
        return
    wait_for_cancellation(notification)
    content = _content(notification)
    if not notification.claim(text=content.text, sender=parseaddr(settings.DEFAULT_FROM_EMAIL)[1][:64]):
        return
    try:
        _deliver(_message(notification, content))
    except Undeliverable as error:
        notification.mark_failed(error.why, error.facts)
    except Unknown as error:
        notification.mark_unknown(Why.of(error))
        raise
    except (RateLimited, Unavailable, Rejected) as error:
        notification.give_back(Why.of(error))
        raise
    else:
        notification.mark_sent()


def _content(notification: Notification) -> texts.Mail:
    if notification.owner_report is not None:
        return letter.mail(notification)
    return texts.mail(notification, own_text(notification))


def _message(notification: Notification, content: texts.Mail) -> EmailMultiAlternatives:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    is_to_staff = notification.kind in Notification.TO_STAFF
    sender_name = name if is_to_staff else " ".join(notification.company.name.split())
    headers = {
        # Deterministic, so that a second copy after an unknown outcome is the same message.
        "Message-ID": f"<{notification.reference}@{address.rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",
    }
    kind = EmailMultiAlternatives if content.picture is None else _WithPicture
    message = kind(
        subject=content.subject,
        body=content.text,
        from_email=formataddr((sender_name, address)),
        to=[notification.recipient],
        reply_to=[] if is_to_staff else _reply_to(notification),
        headers=headers,
    )
    message.attach_alternative(content.html, "text/html")
    if content.picture is not None:
        _show(message, content.picture)
    if notification.appointment is not None and texts.has_calendar(notification):
        is_cancelled = notification.kind == Notification.Kind.CANCELLATION
        _invite(message, entry_of(notification.appointment, notification.recipient, is_cancelled=is_cancelled))
    return message


def _show(message: EmailMultiAlternatives, picture: bytes) -> None:
    """Put the picture that the HTML refers to into the mail: nothing is fetched from a server when it is read."""
    part = MIMEImage(picture, "png")
    part.add_header("Content-ID", f"<{letter.PICTURE}>")
    part.add_header("Content-Disposition", "inline", filename=f"{letter.PICTURE}.png")
    message.attach(part)


def _reply_to(notification: Notification) -> list[str]:
    branch = notification.appointment.branch if notification.appointment else None
    address = recipients.staff_email(notification.company, branch.notification_email if branch else "")
    return [address] if address else []


def _invite(message: EmailMultiAlternatives, event: ics.Event) -> None:
    """Add the event twice: Gmail and Outlook read the alternative, Apple's and all others open the file."""
    file = ics.calendar(event)
    message.attach_alternative(file, f"text/calendar; method={event.method}")
    message.attach("termin.ics", file.encode(), "application/ics")


def _deliver(message: EmailMultiAlternatives) -> None:
    """Hand over to the mail server. Raises `GateShut`, `Undeliverable`, `Unavailable` (nothing was taken), `Unknown`,
    and `Rejected` if the server refuses us. No error text contains what the server wrote, which quotes addresses."""
    refuse_inside_transaction()
    outside.leaving("mail", settings.EMAIL_HOST)
    with gates.mail().passing(), exchange("mail", "send") as noted, deadline(settings.EMAIL_TIMEOUT):
        _hand_over(get_connection(), message)
        noted.result = Result.OK


def _hand_over(connection: BaseEmailBackend, message: EmailMultiAlternatives) -> None:
    try:
        connection.open()
    except SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            raise Unavailable(f"The mail server takes no log-in now ({error.smtp_code}).") from error
        raise KeyRefused(f"The mail server refuses the log-in ({error.smtp_code}).") from error
    except (OSError, SMTPException) as error:
        raise Unreached(f"The mail server is not reachable: {type(error).__name__}.") from error
    try:
        connection.send_messages([message])
    except (OSError, SMTPException) as error:
        raise _failure(error, getattr(connection, "may_have_been_taken", True)) from error
    finally:
        _close(connection)


def _failure(error: OSError | SMTPException, may_have_been_taken: bool) -> JobError:
    if isinstance(error, SMTPNotSupportedError):
        return Undeliverable(Why.MAIL_ADDRESS)
    code = _code(error)
    if code is None or code < 400:
        # The connection broke, or the answer is unreadable: the server may have the whole message.
        kind = Unknown if may_have_been_taken else Unavailable
        return kind(f"The mail server did not answer: {type(error).__name__}.")
    if code < 500:
        # 421 means that the server is closing for all mails; the other codes are about this mail.
        later = Unavailable if code == 421 else OnlyThisMail
        return later(f"The mail server wants it later ({code}).")
    if isinstance(error, SMTPSenderRefused):
        return Rejected(f"The mail server refuses the sender ({code}).")
    return Undeliverable(Why.MAIL_REFUSED, code=code)


def _code(error: OSError | SMTPException) -> int | None:
    if isinstance(error, SMTPRecipientsRefused):
        return next((code for code, _ in error.recipients.values()), None)
    return error.smtp_code if isinstance(error, SMTPResponseException) else None


def _close(connection: BaseEmailBackend) -> None:
    """Close the connection; an error here changes nothing about a message that was taken."""
    with suppress(OSError, SMTPException):
        connection.close()
