"""Appointments and their changes, questions to customers, freed times and who waits for them, work for a person, what
is known of Cal.com, daily counts.
"""

from appointments.models.appointment import Appointment
from appointments.models.attempt import Attempt
from appointments.models.calendar import CalcomUid, SyncPoint
from appointments.models.change import Change
from appointments.models.daily_count import DailyCount
from appointments.models.detail import Detail
from appointments.models.escalation import Escalation
from appointments.models.follow_up import FollowUp
from appointments.models.freed_time import Ending, FreedTime
from appointments.models.offer import Offer, Passed
from appointments.models.question import Question
from appointments.models.reminder import Reminder
from appointments.models.waiting_entry import WaitingEntry

__all__ = [
    "Appointment",
    "Attempt",
    "CalcomUid",
    "Change",
    "DailyCount",
    "Detail",
    "Ending",
    "Escalation",
    "FollowUp",
    "FreedTime",
    "Offer",
    "Passed",
    "Question",
    "Reminder",
    "SyncPoint",
    "WaitingEntry",
]
