"""The rows that were made for the console's tests, and the string that must never run as code."""

from dataclasses import dataclass, field

from appointments.models import Appointment, FollowUp
from askpro.queues.models import Job, Worker
from calls.models import BookingRequest, Call, Company, Customer
from notifications.models import Notification
from webhooks.models import WebhookEvent

HOSTILE = '<script>window.hacked = 1</script>"><img src=x onerror="window.hacked = 1">{{ 7|add:7 }}'


@dataclass
class World:
    """What was made, by kind, oldest first."""

    companies: list[Company] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    requests: list[BookingRequest] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    events: list[WebhookEvent] = field(default_factory=list)
    messages: list[Notification] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
