"""The console's pages about appointments, follow-ups, freed times, the waiting list and the daily counts."""

from appointments.admin import repairing
from appointments.admin.appointment import AppointmentAdmin
from appointments.admin.daily_count import DailyCountAdmin
from appointments.admin.follow_up import FollowUpAdmin
from appointments.admin.freed_time import FreedTimeAdmin
from appointments.admin.waiting_entry import WaitingEntryAdmin

__all__ = ["AppointmentAdmin", "DailyCountAdmin", "FollowUpAdmin", "FreedTimeAdmin", "WaitingEntryAdmin", "repairing"]
