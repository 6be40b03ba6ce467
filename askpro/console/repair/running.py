"""Works through the rows of a repair, a few at a time.

Each row has a transaction of its own: its deed, its item and the repair's counts change together or not at all, so that
a killed worker leaves every row done once or not at all. The repair's own row is locked meanwhile: whoever cancels it
waits for the row at hand, and after that nothing more is done.
"""

import logging
from datetime import datetime
from typing import Any, Final

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from askpro.console.repair.kinds import GONE, STATE, Asked, Outcome, Repairable, Verb, kind_of, verb_of
from askpro.console.repair.models import Repair, RepairItem
from askpro.queues.fleet import events
from askpro.queues.ledger.outcome import clean

log = logging.getLogger(__name__)

# Seconds between two looks at a repair.
PAUSE: Final = 1.0
# Whoever was away for a while does not catch up: at most so many seconds' worth of rows at once.
MOST_CAUGHT_UP: Final = 3.0
Status = Repair.Status
Item = RepairItem.Status


def go_on(repair_id: int) -> float | None:
    """Do what is due now; returns after how many seconds to look again, or None when it is over."""
    repair = Repair.objects.select_related("user").filter(pk=repair_id).first()
    if repair is None or not repair.is_active:
        return None
    kind = kind_of(repair.kind)
    deed = Deed(repair, kind, verb_of(kind, repair.verb))
    if repair.status == Status.TRYING:
        deed.try_one()
    else:
        deed.do_what_is_due(timezone.now())
    repair.refresh_from_db()
    return PAUSE if repair.is_active else None


class Deed:
    """A repair with what its kind and verb mean."""

    def __init__(self, repair: Repair, kind: Repairable, verb: Verb) -> None:
        self._repair = repair
        self._kind = kind
        self._verb = verb
        self._asked = Asked(repair.reason, repair.at, repair.user)

    def try_one(self) -> None:
        """Do the newest row, then wait for what comes of it: the others follow, or are left."""
        repair, outcome = self._repair, self._verb.outcome
        if not repair.tried or outcome is None:
            self._begin_to_try()
            return
        found = outcome(repair.tried)
        if not found.is_over:
            return
        if not found.is_well:
            self._halt(found)
        elif found.version in ("", repair.code_version):
            finding = f"succeeded with {found.version}" if found.version else "succeeded"
            repair.move(Status.TRYING, status=Status.UNDER_WAY, paced_at=timezone.now(), finding=finding)
        else:
            # Workers of another release are still at work: their success says nothing of this one's code.
            self._begin_to_try()

    def do_what_is_due(self, now: datetime) -> None:
        """As many rows as the rate allows since the last time."""
        repair = self._repair
        seconds = min((now - repair.paced_at).total_seconds(), MOST_CAUGHT_UP)
        count = int(seconds * repair.rate)
        if count < 1:
            return
        Repair.objects.filter(pk=repair.pk).update(paced_at=now)
        pending = list(self._pending().values_list("pk", flat=True)[:count])
        for pk in pending:
            if self._do(pk) is None:
                return
        if len(pending) < count and not self._pending().exists():
            repair.move(Status.UNDER_WAY, status=Status.FINISHED)

    def _begin_to_try(self) -> None:
        """Do rows, the newest first, until one is really done; it is then the one that is tried."""
        for pk, key in self._pending().order_by("-pk").values_list("pk", "key")[:100]:
            if self._do(pk, tried=key) is not False:
                return
        if not self._pending().exists():
            self._repair.move(Status.TRYING, status=Status.FINISHED)

    def _halt(self, found: Outcome) -> None:
        repair = self._repair
        if repair.move(Status.TRYING, status=Status.HALTED, finding=clean(found.why or "failed", 200)):
            by = repair.user.get_username() if repair.user else ""
            events.note_command(f"repair {repair.pk} stopped: the one that was tried failed again", by, repair.reason)

    def _pending(self) -> Any:
        return RepairItem.objects.filter(repair=self._repair, status=Item.PENDING)

    def _do(self, pk: int, **noted: Any) -> bool | None:
        """Do one row, and note these values at the repair if it is done.

        False when it is left alone or fails; None when the repair is over.
        """
        with transaction.atomic():
            held = Repair.objects.select_for_update().only("status").get(pk=self._repair.pk)
            if not held.is_active:
                return None
            item = RepairItem.objects.get(pk=pk)
            if item.status != Item.PENDING:
                return False
            status, reason = self._end_of(item.key)
            RepairItem.objects.filter(pk=pk).update(status=status, reason=reason, handled_at=timezone.now())
            column = {Item.DONE: "done", Item.SKIPPED: "skipped", Item.FAILED: "failed"}[status]
            is_done = status == Item.DONE
            values = {column: F(column) + 1, **(noted if is_done else {})}
            Repair.objects.filter(pk=self._repair.pk).update(**values)
        return is_done

    def _end_of(self, key: str) -> tuple[RepairItem.Status, str]:
        try:
            with transaction.atomic():
                verdict = self._act(key)
        except (OperationalError, InterfaceError):
            # PostgreSQL is away, or a lock was not to be had: the row waits, and the job is tried again.
            raise
        except Exception as error:
            log.exception("Repair %d: %s %s failed", self._repair.pk, self._kind.name, key)
            return Item.FAILED, type(error).__name__
        return (Item.SKIPPED, verdict) if verdict else (Item.DONE, "")

    def _act(self, key: str) -> str:
        """Do it, unless the row's verdict is against it; returns that verdict."""
        row = self._verb.judged(self._kind.find(key), self._asked).first()
        if row is None:
            return GONE
        if row.verdict:
            return str(row.verdict)
        if not self._verb.run(row, self._asked):
            return STATE
        self._record(row)
        return ""

    def _record(self, row: Any) -> None:
        if self._repair.user_id is not None:
            words = f"{self._verb.done.capitalize()} by repair {self._repair.pk}: {self._repair.reason}"
            LogEntry.objects.log_actions(self._repair.user_id, [row], CHANGE, change_message=words, single_object=True)
