"""Writing what is to be said, in the transaction that made it true; sending happens later."""

from collections.abc import Iterable, Iterator

from django.db import transaction

from appointments.models import Appointment, FollowUp
from notifications import recipients
from notifications.models import Notification, because
from notifications.why import Why


def announce(appointment: Appointment, kind: str) -> list[Notification]:
    """Tell the customer, and staff of a new appointment. Returns the rows written now, none the second time.

    One row per (appointment, version, kind, channel), written in the caller's transaction together with its job.
    Where no SMS may go out, the row says why. Whether it is still true is checked again when it is sent.
    """
    # It tells staff by way of this module.
    from notifications import untold

    drafts = [*_to_customer(appointment, Notification.Kind(kind))]
    if kind == Notification.Kind.CONFIRMATION:
        drafts += _to_staff(appointment)
    with transaction.atomic():
        written = _write(drafts)
        untold.judge(appointment.pk, kind)
    return written


def tell_staff(follow_up: FollowUp) -> list[Notification]:
    """Tell the branch by mail that a person is needed, once per follow-up; nothing where no address is set."""
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
    return _write([draft])


def send_job(notification: Notification, delay: int | None = None) -> None:
    """Give a pending notification its job, in the caller's transaction; `delay` in milliseconds."""
    # The jobs call back into this module.
    from notifications import tasks

    is_sms = notification.channel == Notification.Channel.SMS
    job = tasks.send_sms_notification if is_sms else tasks.send_email_notification
    job.send_with_options(kwargs={"notification_id": notification.pk}, delay=delay)


def _to_customer(appointment: Appointment, kind: Notification.Kind) -> Iterator[Notification]:
    company, customer = appointment.company, appointment.customer
    calcom_tells = recipients.calcom_tells(appointment)
    if company.sms_enabled:
        number = recipients.number_for(appointment)
        why_not = Why.CALCOM_TELLS if calcom_tells else recipients.sms_objection(customer, number, appointment)
        yield _draft(appointment, kind, Notification.Channel.SMS, number, why_not)
    if address := recipients.email_of(appointment):
        why_not = Why.CALCOM_TELLS if calcom_tells else None
        yield _draft(appointment, kind, Notification.Channel.EMAIL, address, why_not)


def _to_staff(appointment: Appointment) -> Iterator[Notification]:
    branch_email = appointment.branch.notification_email if appointment.branch else ""
    if address := recipients.staff_email(appointment.company, branch_email):
        yield _draft(appointment, Notification.Kind.STAFF, Notification.Channel.EMAIL, address, None)


def _draft(
    appointment: Appointment,
    kind: Notification.Kind,
    channel: Notification.Channel,
    recipient: str,
    why_not: Why | None,
) -> Notification:
    reader = appointment.customer if kind != Notification.Kind.STAFF else None
    return Notification(
        company=appointment.company,
        appointment=appointment,
        call_id=appointment.call_id,
        customer_id=appointment.customer_id,
        kind=kind,
        channel=channel,
        version=appointment.version,
        recipient=recipient,
        language=(reader or appointment.company).language,
        status=Notification.Status.SKIPPED if why_not else Notification.Status.PENDING,
        **because(why_not),
    )


def _write(drafts: Iterable[Notification]) -> list[Notification]:
    drafts = list(drafts)
    with transaction.atomic():
        # ON CONFLICT DO NOTHING, which does not say what it did: the references do.
        Notification.objects.bulk_create(drafts, ignore_conflicts=True)
        references = [draft.reference for draft in drafts]
        written = list(Notification.objects.filter(reference__in=references).order_by("id"))
        for notification in written:
            if notification.status == Notification.Status.PENDING:
                send_job(notification)
    return written
