"""Messages as rows, each written with the job that sends it, in the caller's transaction."""

from collections.abc import Iterable
from typing import Final

from django.db import transaction

from askpro.by_name import job
from notifications.models import Notification

# These jobs themselves write rows through this file, so it knows them only by name.
JOBS: Final[dict[str, str]] = {
    Notification.Channel.SMS: "send_sms_notification",
    Notification.Channel.EMAIL: "send_email_notification",
}
# In a queue of its own: nobody's confirmation waits for the reports of a morning.
REPORTS: Final = "send_report"


def write(drafts: Iterable[Notification]) -> list[Notification]:
    """Write the drafts that have no row yet, and send the jobs of the pending ones; returns the rows written now."""
    drafts = list(drafts)
    with transaction.atomic():
        # ON CONFLICT DO NOTHING does not return which rows it wrote, so the references identify them.
        Notification.objects.bulk_create(drafts, ignore_conflicts=True)
        references = [draft.reference for draft in drafts]
        written = list(Notification.objects.filter(reference__in=references).order_by("id"))
        for notification in written:
            if notification.status == Notification.Status.PENDING:
                send_job(notification)
    return written


def send_again(notification: Notification) -> bool:
    """Let one that failed wait again and give it its job, as a person wants; False if it has not failed."""
    with transaction.atomic():
        if not notification.wait_again():
            return False
        send_job(notification)
    return True


def send_job(notification: Notification, delay: int | None = None) -> None:
    """Give a pending notification its job; `delay` in milliseconds."""
    is_report = notification.kind == Notification.Kind.REPORT
    sender = job(REPORTS if is_report else JOBS[notification.channel])
    arguments = {"notification_id": notification.pk, "company_id": notification.company_id}
    sender.send_with_options(kwargs=arguments, delay=delay)
