"""Appointments and their changes, questions to customers, work for a person, what is known of Cal.com, daily counts."""

from appointments.models.appointment import Appointment
from appointments.models.attempt import Attempt
from appointments.models.calendar import CalcomUid, SyncPoint
from appointments.models.change import Change
from appointments.models.daily_count import DailyCount
from appointments.models.detail import Detail
from appointments.models.escalation import Escalation
from appointments.models.follow_up import FollowUp
from appointments.models.question import Question

__all__ = [
    "Appointment",
    "Attempt",
    "CalcomUid",
    "Change",
    "DailyCount",
    "Detail",
    "Escalation",
    "FollowUp",
    "Question",
    "SyncPoint",
]
