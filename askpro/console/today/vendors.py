"""Vendors that do not answer, or refuse: by the gates before them, and by what came of the last requests."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console.repair.outages import repair_of
from askpro.console.today.signs import Sign
from askpro.console.today.trouble import DANGER, WARNING, Trouble
from askpro.console.vendors import name
from askpro.language import engine_words
from askpro.metrics.exchange import FAILS, NOT_ITS_FAULT
from askpro.metrics.figures import vendor_results
from askpro.watch.conditions.registry import threshold

MINUTE: Final = timedelta(minutes=1)


def shut_gates(found: list[Sign]) -> Iterator[Trouble]:
    """Vendors that count as away: none of their requests is tried until one looks whether they are back."""
    for sign in found:
        yield Trouble(
            tone=DANGER,
            code="gate_shut",
            about=sign.name,
            what=_("%(vendor)s counts as away.") % {"vendor": name(vendor_of(sign))},
            why=engine_words.told(sign.why),
            todo=_todo(),
            address=reverse("admin:queue_board"),
            label=_("Queues"),
            since=sign.since,
            repair=repair_of(sign.name, sign.since) if sign.since else "",
        )


def failing(now: datetime, away: set[str]) -> Iterator[Trouble]:
    """Those to which most requests of the last minutes failed, as the watch judges it, unless they are `away`."""
    minutes = threshold("vendor_failing.minutes")
    for vendor, results in vendor_results(now - MINUTE * minutes, now + MINUTE).items():
        failed = sum(results.get(result, 0) for result in FAILS)
        judged = sum(results.values()) - sum(results.get(result, 0) for result in NOT_ITS_FAULT)
        is_failing = failed >= threshold("vendor_failing.count") and failed >= judged * threshold(
            "vendor_failing.share"
        )
        if is_failing and vendor not in away:
            yield _failing(vendor, failed, judged, int(minutes), now - MINUTE * minutes)


def vendor_of(gate: Sign) -> str:
    return gate.name.partition(":")[0]


def _failing(vendor: str, failed: int, judged: int, minutes: int, since: datetime) -> Trouble:
    facts = {"vendor": name(vendor), "failed": failed, "all": judged, "minutes": minutes}
    return Trouble(
        tone=WARNING,
        code="vendor_failing",
        about=vendor,
        what=_("%(vendor)s: %(failed)s of %(all)s requests failed within %(minutes)s minutes.") % facts,
        todo=_todo(),
        address=reverse("admin:queue_board"),
        label=_("Queues"),
        repair=repair_of(vendor, since),
    )


def _todo() -> str:
    return _("Look whether the vendor reports an outage. Jobs wait meanwhile, and run by themselves when it is back.")
