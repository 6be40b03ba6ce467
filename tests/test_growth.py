"""No table grows without an end that nobody has thought of: something deletes from it, or it is said here why not."""

from typing import Final

import pytest

from askpro.privacy.retention.shelves import SHELVES
from askpro.queues.chores import retention_sql
from tests.stored_models import stored_models

# What people set up: as many rows as there are companies, people and settings.
SET_UP: Final = {
    *("api.ApiToken", "appointments.SyncPoint", "auth.Group", "auth.Permission", "auth.User", "calls.Branch"),
    *("calls.ClosedDay", "calls.Company", "calls.PhoneNumber", "calls.Service", "calls.Staff", "console.Access"),
    *("console.Preference", "console.SecondFactor"),
    "console.ShippedGroup",
    *("contenttypes.ContentType", "notifications.MessageTemplate", "privacy.Pepper", "privacy.RetentionRule"),
    *("queues.Pause", "queues.Schedule", "webhooks.RetellReading", "webhooks.WebhookAddress", "webhooks.WebhookSecret"),
}
# One row, or one for each queue, class of data, limit or kind of figure.
FEW: Final = {
    *("health.Canary", "health.Probe", "privacy.RetentionTotal", "queues.MetricFold", "queues.RateLimit"),
    *("metrics.AddedUp", "metrics.JobTotal"),
}
# They go with the row that they belong to, or when the work is done.
GO_WITH_OTHERS: Final = {
    *("appointments.WaitingEntry", "calls.CustomerMerge", "calls.CustomerNumber", "calls.NamePart"),
    "privacy.RetentionCount",
    "console.RepairItem",
    *("queues.Attempt", "queues.BatchMember", "queues.Job", "queues.Lock", "queues.UniqueKey", "watch.Delivery"),
}
# What counts deletes what is old: METRICS_DAYS, `webhooks.silence.counting.KEPT`.
OWN_DAYS: Final = {"metrics.Delta", "metrics.Total", "queues.MetricDelta", "webhooks.Arrivals"}
# Statistics, and short: kinds, states and times of what there was, without anything personal.
STATISTICS: Final = {
    *("api.Submission", "appointments.DailyCount", "appointments.Escalation", "appointments.FreedTime"),
    *("appointments.Offer", "appointments.Reminder", "notifications.Report"),
}
# It must be known for ever: who said STOP, who was erased, which calls were there before the first reading.
FOR_EVER: Final = {"notifications.OptOut", "privacy.Erasure", "privacy.Item", "webhooks.EarlierCall"}
# Dramatiq's own, which nothing writes.
EMPTY: Final = {"django_dramatiq.Task"}
SAID: Final = (SET_UP, FEW, GO_WITH_OTHERS, OWN_DAYS, STATISTICS, FOR_EVER, EMPTY)

WALKED = {shelf.model._meta.db_table for shelf in SHELVES} | {shelf.table for shelf in retention_sql.SHELVES}
LEFT = sorted(model._meta.label for model in stored_models() if model._meta.db_table not in WALKED)


@pytest.mark.parametrize("label", LEFT)
def test_what_nothing_deletes_from_has_its_reason(label: str) -> None:
    assert sum(label in names for names in SAID) == 1, "let something delete from it, or say here why it need not"


def test_no_reason_is_given_for_what_is_gone_or_has_its_days() -> None:
    assert sorted(set().union(*SAID) - set(LEFT)) == []
