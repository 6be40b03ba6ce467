"""What a dry run found, in the reader's words, and of persons only what the reader may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from askpro.console import display
from askpro.console.dry_run import others
from askpro.console.dry_run.cells import shown
from askpro.console.dry_run.report import Change, Ended, Report
from askpro.console.scope import may_see
from askpro.language import engine_words
from askpro.language.text import Text
from askpro.outside import Leaving
from askpro.queues.ledger.settle_sql import CATCH
from askpro.queues.models import Job

TONES: Final = {
    Ended.COMPLETED: "info",
    Ended.ASKED: "info",
    Ended.RELEASED: "info",
    Ended.CANCELLED: "info",
    Ended.BUSY: "warning",
    Ended.IMPOSSIBLE: "warning",
}
SENTENCES: Final[dict[Ended, Text]] = {
    Ended.COMPLETED: gettext_lazy("It would complete."),
    Ended.DEAD: gettext_lazy("It would fail: %(why)s"),
    Ended.RETRYING: gettext_lazy("It would fail: %(why)s"),
    Ended.RELEASED: gettext_lazy("It would be put back and wait: %(why)s"),
    Ended.CANCELLED: gettext_lazy("There would be nothing to do: %(why)s"),
    Ended.ASKED: gettext_lazy(
        "It would ask somebody outside. What follows depends on the answer, so the dry run ends there."
    ),
    Ended.OVERTIME: gettext_lazy("It did not end in time, and nothing of it stays."),
    Ended.UNCOMMITTABLE: gettext_lazy("It would fail at its end: what it writes contradicts other rows (%(why)s)."),
    Ended.IMPOSSIBLE: gettext_lazy("It is not in a state for it any more."),
    Ended.BUSY: gettext_lazy("Another dry run is under way. Try again in a moment."),
    Ended.BROKEN: gettext_lazy("The dry run itself failed, and nothing was changed. %(why)s"),
}
# Why it ends at a request to a vendor: one that only asks, and one that has something done there.
READS: Final = gettext_lazy(
    "It would ask a vendor (%(request)s) and go by the answer, which only the vendor knows: what is on record here says"
    " what was. The dry run ends there."
)
ACTS: Final = gettext_lazy(
    "It would have a vendor do something (%(request)s). A dry run must not, and does not guess the answer: it ends"
    " there."
)
READING: Final = ("GET", "HEAD")
ACTING: Final = ("POST", "PUT", "PATCH", "DELETE")
STATE: Final = "status"


@dataclass(frozen=True, slots=True)
class Row:
    """One row that would be written. `how` is a state for `display.pill`; `cells` are (column, before, after)."""

    title: str
    address: str
    how: str
    word: str
    cells: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Told:
    """The page's context. `lead` says how it would end, `follows` what it would lead to, one sentence each; `then` what
    that would do to other jobs, by how it ends.
    """

    tone: str
    lead: str
    follows: list[str]
    then: list[tuple[str, list[str]]]
    asked: list[str]
    rows: list[Row]
    left_out: int
    after_commit: list[str]
    log: list[str]


def told(user: Any, report: Report) -> Told:
    """The report, for this reader."""
    seen = [change for change in report.changes if may_see(user, _model(change))]
    return Told(
        tone=TONES.get(report.ended, "danger"),
        lead=_lead(report),
        follows=[*_states(seen), *_sent(report.changes), *_counted(report.changes), *_uncaught(report)],
        then=[(str(others.ENDS[how]), others.sentences(found)) for how, found in report.then.items()],
        asked=[_asked(each.method, each.host, each.path) for each in report.asked],
        rows=[_row(change) for change in seen],
        left_out=report.written - len(seen),
        after_commit=report.follows,
        log=report.log,
    )


def _lead(report: Report) -> str:
    if report.ended == Ended.ASKED and report.asked:
        return _ends_at(report.asked[0])
    said = engine_words.told(report.message)
    why = ": ".join(filter(None, (report.error.rpartition(".")[2], said)))
    sentence = str(SENTENCES[report.ended])
    return sentence % {"why": why} if "%(why)s" in sentence else sentence


def _ends_at(asked: Leaving) -> str:
    sentence = READS if asked.method in READING else ACTS if asked.method in ACTING else SENTENCES[Ended.ASKED]
    request = _asked(asked.method, asked.host, asked.path)
    return str(sentence) % {"request": request} if sentence is not SENTENCES[Ended.ASKED] else str(sentence)


def _states(changes: Iterable[Change]) -> list[str]:
    """A sentence for each row whose state would change: that a job completes does not say what came of its row."""
    return [
        _("%(row)s: “%(before)s” becomes “%(after)s”.")
        % {"row": _title(change), "before": shown(model, name, before), "after": shown(model, name, after)}
        for change in changes
        if _how(change) == "changed"
        for model in [_model(change)]
        for name, before, after in change.columns
        if name == STATE
    ]


def _sent(changes: Iterable[Change]) -> list[str]:
    """A sentence for each job that would be sent, and one for the steps of a chain."""
    chains: dict[str, list[Change]] = {}
    alone: list[Change] = []
    for change in changes:
        if change.is_new and change.model == Job._meta.label:
            chain = str(_value_after(change, "chain_id"))
            (chains.setdefault(chain, []) if chain else alone).append(change)
    told = [_("The job %(job)s would be sent.") % {"job": _value_after(change, "actor_name")} for change in alone]
    for steps in chains.values():
        steps.sort(key=lambda change: int(_value_after(change, "chain_step") or 0))
        names = [str(_value_after(step, "actor_name")) for step in steps if _value_after(step, "chain_step") != CATCH]
        told.append(_("A chain would be sent: %(jobs)s.") % {"jobs": " → ".join(names)})
    return told


def _counted(changes: Iterable[Change]) -> list[str]:
    """A sentence for each kind of rows that would be made, changed or deleted."""
    counts: dict[tuple[str, str], int] = {}
    for change in changes:
        if not (change.is_new and change.model == Job._meta.label):
            key = change.model, _how(change)
            counts[key] = counts.get(key, 0) + 1
    return [_of_kind(how, count, apps.get_model(label)) for (label, how), count in counts.items()]


def _of_kind(how: str, count: int, model: type[Model]) -> str:
    noun = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
    said = {"count": display.number(count), "noun": noun}
    if how == "new":
        return ngettext("%(count)s %(noun)s would be made.", "%(count)s %(noun)s would be made.", count) % said
    if how == "deleted":
        return ngettext("%(count)s %(noun)s would be deleted.", "%(count)s %(noun)s would be deleted.", count) % said
    return ngettext("%(count)s %(noun)s would be changed.", "%(count)s %(noun)s would be changed.", count) % said


def _uncaught(report: Report) -> list[str]:
    return [
        ngettext(
            "%(count)s row of the table %(table)s would be written; it cannot be shown.",
            "%(count)s rows of the table %(table)s would be written; they cannot be shown.",
            count,
        )
        % {"count": display.number(count), "table": table}
        for table, count in report.uncaught.items()
    ]


def _asked(method: str, host: str, path: str) -> str:
    words = {
        "MAIL": _("A mail by %(host)s"),
        "SOCKET": _("A connection to %(host)s"),
        "CONNECTION": _("A further connection to %(host)s"),
        "PROCESS": _("Another process"),
        "FILE": _("A file, to write to it"),
    }
    sentence = words.get(method.upper())
    return sentence % {"host": host} if sentence else f"{method} {host}{path}"


def _row(change: Change) -> Row:
    model, how = _model(change), _how(change)
    words = {"new": _("new"), "changed": _("changed"), "deleted": _("deleted")}
    return Row(
        title=_title(change),
        address="" if change.is_new else _address(model, change.key),
        how=how,
        word=words[how],
        cells=[
            (_label(model, name), shown(model, name, before), shown(model, name, after, facts))
            for name, before, after in change.columns
            for facts in [_value_after(change, f"{name}_facts")]
        ],
    )


def _title(change: Change) -> str:
    name = str(_model(change)._meta.verbose_name)
    return f"{name[:1].upper()}{name[1:]} {change.key}"


def _how(change: Change) -> str:
    return "new" if change.is_new else "deleted" if change.is_deleted else "changed"


def _model(change: Change) -> type[Model]:
    return apps.get_model(change.model)


def _label(model: type[Model], name: str) -> str:
    return str(getattr(model._meta.get_field(name), "verbose_name", name))


def _address(model: type[Model], key: str) -> str:
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
    except NoReverseMatch:
        return ""


def _value_after(change: Change, name: str) -> Any:
    return next((after for column, _before, after in change.columns if column == name), "")
