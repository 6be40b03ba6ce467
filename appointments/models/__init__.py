"""Appointments and their changes, what a person has to follow up, what is known of Cal.com, and the daily counts."""

from appointments.models.appointment import Appointment
from appointments.models.attempt import Attempt
from appointments.models.calendar import CalcomUid, SyncPoint
from appointments.models.change import Change
from appointments.models.daily_count import DailyCount
from appointments.models.detail import Detail
from appointments.models.escalation import Escalation
from appointments.models.follow_up import FollowUp

__all__ = [
    "Appointment",
    "Attempt",
    "CalcomUid",
    "Change",
    "DailyCount",
    "Detail",
    "Escalation",
    "FollowUp",
    "SyncPoint",
]
