"""The console's pages about appointments, follow-ups and the daily counts."""

from appointments.admin.appointment import AppointmentAdmin
from appointments.admin.daily_count import DailyCountAdmin
from appointments.admin.follow_up import FollowUpAdmin

__all__ = ["AppointmentAdmin", "DailyCountAdmin", "FollowUpAdmin"]
