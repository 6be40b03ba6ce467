"""Mail straight over SMTP, in bounded time: through no queue and no gate."""

import smtplib
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from askpro.deadline import NoTime, deadline
from askpro.watch.channels.errors import Failed, NotReached, Refused
from askpro.watch.models import Notice


def send(notice: Notice, recipients: Sequence[str]) -> None:
    """One mail to all of them. Mails about one incident are a thread, and one that came twice has the same id.

    Raises `ChannelError`.
    """
    mail = EmailMessage(
        subject=settings.EMAIL_SUBJECT_PREFIX + " ".join(notice.subject.split()),
        body=notice.text,
        to=list(recipients),
        headers=_headers(notice),
        connection=get_connection(),
    )
    try:
        with deadline(settings.ALERT_TIMEOUT):
            mail.send()
    except smtplib.SMTPResponseException as error:
        kind = Failed if 400 <= error.smtp_code < 500 else Refused
        raise kind(f"the mail server refuses it ({error.smtp_code})") from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = ", ".join(sorted({str(code) for code, _ in error.recipients.values()}))
        raise Refused(f"the mail server refuses all recipients ({codes})") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused("the mail server does not offer what EMAIL_URL asks for") from error
    except NoTime as error:
        raise NotReached("the mail server did not answer in time") from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotReached(f"no mail server: {type(error).__name__}") from error


def _headers(notice: Notice) -> dict[str, str]:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >") or "localhost"
    headers = {"Message-ID": f"<{notice.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    if notice.thread:
        headers["References"] = f"<{notice.thread}@{domain}>"
    return headers
