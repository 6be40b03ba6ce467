"""Repairs: the list, and the page with progress and report."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.acts import Act
from askpro.console.filters import period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.permissions import May
from askpro.console.repair.addresses import address
from askpro.console.repair.chosen import Chosen
from askpro.console.repair.kinds import kind_of, label_of, verb_of
from askpro.console.repair.models import Repair, RepairItem
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.language import engine_words, event_words

# The pages' base says that these are plain texts.
_: Any = gettext_lazy
MOST_ROWS = 50


@admin.register(Repair)
class RepairAdmin(ReadOnlyModelAdmin):
    list_display = ("what", "progress", "counts", "who", "why", "asked")
    list_filter = (("status", ChoicesDropdownFilter), period("asked_at", _("period")))
    list_select_related = ("user",)
    page_related = ("user",)
    list_defer = ("chosen",)
    search_help_text = _("Number of a repair")
    empty_text = _("What is retried, replayed or sent again by a filter is kept here, with what became of each row.")
    detail_template = "console/repair/repair.html"
    acts = (
        Act(
            name="cancel",
            permissions=(May.BULK,),
            label=_("Cancel"),
            icon="cancel",
            explain=_("The rows that wait stay as they are. What was done stays done."),
            done=_("cancelled"),
            possible=lambda repair: repair.is_active,
            run=lambda repair, user, note: repair.move(*Repair.ACTIVE, status=Repair.Status.CANCELLED),
        ),
        Act(
            name="leave",
            permissions=(May.BULK,),
            label=_("Leave the rest"),
            icon="do_not_disturb_on",
            explain=_("The rows that were not done stay as they are. The alert that this repair stopped ends."),
            done=_("left"),
            note=_("Why?"),
            note_required=True,
            possible=lambda repair: repair.status == Repair.Status.HALTED,
            run=lambda repair, user, note: repair.move(Repair.Status.HALTED, status=Repair.Status.CANCELLED),
        ),
    )

    def named(self, repair: Repair) -> str:
        return f"{self.what(repair)} ({repair.pk})"

    def find(self, rows: QuerySet[Repair], term: Term) -> QuerySet[Repair]:
        return rows.filter(pk=term.number or 0)

    @admin.display(description=_("Repair"))
    def what(self, repair: Repair) -> str:
        return f"{label_of(repair.kind, repair.verb)}: {repair.total} {kind_of(repair.kind).noun}"

    @admin.display(description=_("Status"))
    def progress(self, repair: Repair) -> SafeString:
        return display.state(repair)

    @admin.display(description=_("Done, left alone, failed"))
    def counts(self, repair: Repair) -> str:
        return f"{repair.done} / {repair.skipped} / {repair.failed}"

    @admin.display(description=_("Who"))
    def who(self, repair: Repair) -> str:
        return repair.user.get_username() if repair.user else display.NOTHING

    @admin.display(description=_("Why"))
    def why(self, repair: Repair) -> SafeString | str:
        return display.shorten(repair.reason, 60)

    @admin.display(description=_("Asked"))
    def asked(self, repair: Repair) -> SafeString | str:
        return display.minute(repair.asked_at)

    def detail(self, request: HttpRequest, repair: Repair) -> dict[str, Any]:
        kind = kind_of(repair.kind)
        chosen = Chosen.read(kind, repair.chosen.get("typed", {}), repair.chosen.get("ids", []))
        return {
            "headline": self.what(repair),
            "state": display.state(repair),
            "lead": repair.reason,
            "repair": repair,
            "finding": _finding(repair),
            "left": repair.total - repair.handled,
            "filter": f"{address(kind.name)}?{chosen.query}",
            "again": _again(request, repair, chosen),
            "facts": _facts(repair, self.who(repair)),
            "reasons": _reasons(repair),
            "tables": [
                _rows(repair, status)
                for status in (RepairItem.Status.FAILED, RepairItem.Status.SKIPPED, RepairItem.Status.DONE)
            ],
        }


def _again(request: HttpRequest, repair: Repair, chosen: Chosen) -> str:
    """Where a repair that stopped is asked for once more; empty for whoever may not."""
    verb = verb_of(chosen.kind, repair.verb)
    may_ask = repair.status == Repair.Status.HALTED and request.user.has_perms(verb.permissions)
    return f"{address(repair.kind, verb.name)}?{chosen.query}" if may_ask else ""


def _facts(repair: Repair, who: str) -> list[tuple[Any, Any]]:
    some = [
        (gettext("Until"), display.dated(repair.at) if repair.at else None),
        (gettext("Tried first"), repair.tried),
        (gettext("What came of it"), _finding(repair)),
    ]
    return [
        (gettext("Asked by"), who),
        (gettext("Asked"), display.dated(repair.asked_at)),
        (gettext("Ended"), display.dated(repair.ended_at)),
        (gettext("Rows a second"), repair.rate),
        *((label, value) for label, value in some if value),
        (gettext("Code"), repair.code_version),
    ]


def _finding(repair: Repair) -> str:
    """What came of the row that was tried first: what its job died of, or why its event was left undone."""
    return event_words.told(engine_words.told(repair.finding))


def _reasons(repair: Repair) -> list[tuple[Any, int]]:
    """Why rows were left alone or failed, and how many."""
    words = verb_of(kind_of(repair.kind), repair.verb).sentences
    ended = repair.items.exclude(status__in=(RepairItem.Status.PENDING, RepairItem.Status.DONE))
    counts = ended.order_by().values_list("reason").annotate(count=Count("pk")).order_by("-count")
    return [(words.get(reason, reason), count) for reason, count in counts[:20]]


def _rows(repair: Repair, status: RepairItem.Status) -> Table:
    kind = kind_of(repair.kind)
    words = verb_of(kind, repair.verb).sentences
    items = list(repair.items.filter(status=status).order_by("-pk")[:MOST_ROWS])
    rows = {str(row.pk): row for row in kind.model._default_manager.filter(pk__in=[item.key for item in items])}
    told = [
        [
            kind.named(rows[item.key]) if item.key in rows else item.key,
            words.get(item.reason, item.reason),
            display.moment(item.handled_at),
        ]
        for item in items
    ]
    return Table(str(status.label), [str(kind.title), gettext("Why"), gettext("When")], told, gettext("None."))
