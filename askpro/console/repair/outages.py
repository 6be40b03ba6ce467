"""From what the watch and the front page say of a vendor to the filter of the jobs that gave up meanwhile:
"Cal.com was down from nine to ten: repair it" starts there."""

from datetime import datetime, timedelta
from typing import Any, Final

from askpro.console.permissions import May
from askpro.console.repair.addresses import address
from askpro.console.repair.jobs import FailureKind
from askpro.console.vendors import VENDORS

# The conditions of the watch that are about a vendor: each says in `about` which, before the first colon.
CONDITIONS: Final = frozenset({"gate_shut", "vendor_failing", "vendor_out_of_credit", "vendor_refuses_key"})
# A vendor is found to be away by requests that failed before.
LEAD: Final = timedelta(minutes=10)


def repair_of(about: str, since: datetime, until: datetime | None = None) -> str:
    """Where the jobs are retried that gave up while a vendor was away; empty where it is none that jobs need."""
    vendor = about.partition(":")[0]
    if vendor not in VENDORS:
        return ""
    # By the minute: the front page, which renews itself, leads to the same address meanwhile.
    begin = (since - LEAD).replace(second=0, microsecond=0)
    return address(FailureKind.name, "retry", vendor=vendor, since=begin, until=until)


def repair_of_incident(incident: Any) -> str:
    """The same for an incident of the watch: the time from its begin to its end, if it is over."""
    if incident.code not in CONDITIONS:
        return ""
    return repair_of(incident.about, incident.began_at, incident.over_at)


def may_repair(user: Any) -> bool:
    """Whether this person may ask for such a repair."""
    return bool(user.has_perms((FailureKind.permission, May.BULK, May.RETRY)))
