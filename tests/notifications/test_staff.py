"""Telling staff that a person is needed."""

from datetime import timedelta

from appointments.models import Appointment, FollowUp
from askpro.queues.models import Job
from notifications import staff
from tests.notifications.scene import NOW


def follow_up(appointment: Appointment) -> FollowUp:
    return FollowUp.objects.create(
        company=appointment.company,
        branch=appointment.branch,
        customer=appointment.customer,
        reason=FollowUp.Reason.UNCLEAR,
        due_at=NOW + timedelta(hours=2),
    )


def test_it_tells_staff_of_a_follow_up_once(appointment: Appointment) -> None:
    opened = follow_up(appointment)
    [row] = staff.tell(opened)
    assert (row.kind, row.channel, row.recipient) == ("staff", "email", "team@lindenblatt.example.org")
    assert staff.tell(opened) == []
    job = Job.objects.get()
    told = {"notification_id": row.pk, "company_id": row.company_id}
    assert (job.actor_name, job.kwargs) == ("send_email_notification", told)


def test_it_tells_nobody_of_a_follow_up_when_no_address_is_set(appointment: Appointment) -> None:
    appointment.company.notification_email = ""
    assert staff.tell(follow_up(appointment)) == []
