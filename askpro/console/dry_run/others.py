"""What other jobs and batches would do then, in the reader's words."""

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from askpro.console import display
from askpro.language.text import Text
from askpro.queues.jobs.following import Following

ENDS: Final[dict[str, Text]] = {
    "completed": gettext_lazy("If it completes"),
    "dead": gettext_lazy("If it fails for good"),
    "cancelled": gettext_lazy("If there is nothing to do"),
}
STARTS: Final[dict[str, Text]] = {
    "step": gettext_lazy("The next step of its chain would start: %(job)s."),
    "catch": gettext_lazy("What its chain does after a failure would start: %(job)s."),
    "on_success": gettext_lazy("What its batch does after success would start: %(job)s."),
    "on_failure": gettext_lazy("What its batch does after the first failure would start: %(job)s."),
    "on_finish": gettext_lazy("What its batch does at its end would start: %(job)s."),
    "callback": gettext_lazy("It would be told of the result: %(job)s."),
}
CANCELS: Final[dict[str, Text]] = {
    "step": gettext_lazy("A later step of its chain would be cancelled: %(job)s."),
    "catch": gettext_lazy("What its chain does after a failure would not be needed any more: %(job)s."),
    "on_success": gettext_lazy("What its batch does after success would not run: %(job)s."),
    "on_failure": gettext_lazy("What its batch does after a failure would not be needed any more: %(job)s."),
}


def sentences(found: Iterable[Following]) -> list[str]:
    """A sentence for each job and batch that would go by how this one ends."""
    waiting = [each.name for each in found if each.what == "later"]
    told = [sentence for each in found if (sentence := _of_other(each))]
    if waiting:
        told.append(_("Later steps wait for those before them: %(jobs)s.") % {"jobs": " → ".join(waiting)})
    return told or [_("Nothing: no other job and no batch goes by how it ends.")]


def _of_other(each: Following) -> str:
    said = {"job": each.name, "count": display.number(each.count), "batch": each.name or each.key}
    if each.what == "batch":
        return _of_batch(each) % said
    if each.what == "members":
        sentence = ngettext(
            "%(count)s job of the batch that has not begun would be cancelled.",
            "%(count)s jobs of the batch that have not begun would be cancelled.",
            each.count,
        )
        return sentence % said
    known = STARTS if each.state == "queued" else CANCELS if each.state == "cancelled" else {}
    return str(known.get(each.what, "")) % said


def _of_batch(each: Following) -> str:
    if not each.count:
        return _("The batch %(batch)s would be over.")
    return ngettext(
        "The batch %(batch)s would go on: %(count)s member is unfinished.",
        "The batch %(batch)s would go on: %(count)s members are unfinished.",
        each.count,
    )
