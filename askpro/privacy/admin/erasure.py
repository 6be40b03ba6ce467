"""Erasures: how far each has come, and what is left to a person."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.acts import Act
from askpro.console.filters import CompanyFilter, period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.privacy.erasing.run import held
from askpro.privacy.exporting import TITLES
from askpro.privacy.models import Erasure, Item
from askpro.privacy.tasks import erase_person
from askpro.privacy.wizard import MAY_ERASE

State = Erasure.State


def go_on(erasure: Erasure, user: Any, note: str) -> bool:
    """Begin an erasure whose legal hold is over."""
    if held(erasure) or not erasure.release():
        return False
    erase_person.send(erasure_id=erasure.pk)
    return True


def done_by_hand(erasure: Erasure, user: Any, note: str) -> bool:
    """A person has seen to everything that was left."""
    left = [item.end(Item.State.BY_HAND, note=note) for item in erasure.items.filter(state=Item.State.PERSON)]
    return any(left) and erasure.settle()


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("number", "progress", "company", "ground", "who", "requested", "finished")
    list_filter = (("state", ChoicesDropdownFilter), CompanyFilter, period("requested_at", gettext_lazy("period")))
    list_select_related = ("company",)
    page_related = ("company",)
    search_help_text = gettext_lazy("Id, ticket or user")
    empty_text = gettext_lazy("Nobody has been erased yet. Export or erase a person under “Privacy”.")
    acts = (
        Act(
            name="go-on",
            label=gettext_lazy("Begin now"),
            icon="play_arrow",
            explain=gettext_lazy("The legal hold is over: the person is erased now."),
            done=gettext_lazy("begun"),
            possible=lambda erasure: erasure.state == State.HELD,
            run=go_on,
        ),
        Act(
            name="done",
            label=gettext_lazy("All done by hand"),
            icon="task_alt",
            explain=gettext_lazy("You have seen to everything that is left to a person below."),
            done=gettext_lazy("closed"),
            possible=lambda erasure: erasure.state == State.PERSON,
            run=done_by_hand,
            note=gettext_lazy("What you did (no names)"),
            note_required=True,
        ),
    )

    def may_act(self, request: HttpRequest, act: Act | None = None) -> bool:
        return request.user.has_perm(MAY_ERASE)

    def find(self, rows: QuerySet[Erasure], term: Term) -> QuerySet[Erasure]:
        return rows.filter(pk=term.number) if term.number else rows.filter(reference=term.text)

    @admin.display(description=gettext_lazy("Erasure"))
    def number(self, erasure: Erasure) -> str:
        return str(erasure)

    @admin.display(description=gettext_lazy("State"))
    def progress(self, erasure: Erasure) -> SafeString:
        return display.state(erasure, "state")

    @admin.display(description=gettext_lazy("Asked for"))
    def requested(self, erasure: Erasure) -> SafeString | str:
        return display.minute(erasure.requested_at)

    @admin.display(description=gettext_lazy("Finished"))
    def finished(self, erasure: Erasure) -> SafeString | str:
        return display.minute(erasure.finished_at)

    def detail(self, request: HttpRequest, erasure: Erasure) -> dict[str, Any]:
        return {
            "headline": _("Erasure %(number)s") % {"number": erasure.pk},
            "state": display.state(erasure, "state"),
            "lead": erasure.get_state_display(),
            "notes": _notes(erasure),
            "facts": [
                (_("Company"), display.link(erasure.company) if erasure.company else _("All companies")),
                (_("Reason"), erasure.get_ground_display()),
                (_("Ticket"), erasure.reference),
                (_("Asked for by"), erasure.who),
                (_("Asked for"), display.moment(erasure.requested_at)),
                (_("Erased here"), display.moment(erasure.erased_at)),
                (_("Finished"), display.moment(erasure.finished_at)),
                (_("Customers"), ", ".join(_("No. %(id)s") % {"id": pk} for pk in erasure.customers)),
            ],
            "tables": [_elsewhere(erasure), _here(erasure)],
        }


def _notes(erasure: Erasure) -> list[tuple[str, str]]:
    if erasure.state == State.HELD:
        until = erasure.held_until and display.day(erasure.held_until)
        said = _("A legal hold forbids it: nothing was erased.")
        ends = _("It ends on %(day)s.") % {"day": until}
        return [("warning", f"{said} {ends}" if until else said)]
    if erasure.state == State.PERSON:
        return [
            ("warning", _("Someone has to see to what is left to a person below, and then press “All done by hand”."))
        ]
    return []


def _elsewhere(erasure: Erasure) -> Table:
    items = erasure.items.exclude(place=Item.Place.TABLE)
    cells = [
        [item.get_place_display(), _subject(item), display.state(item, "state"), item.get_why_display() or item.note]
        for item in items
    ]
    return Table(_("At vendors, and what stays"), [_("Where"), _("Which"), _("State"), _("Why")], cells, _("Nothing."))


def _here(erasure: Erasure) -> Table:
    items = erasure.items.filter(place=Item.Place.TABLE)
    cells = [[str(TITLES.get(item.subject, item.subject)), item.count, display.moment(item.ended_at)] for item in items]
    return Table(_("Erased here"), [_("Table"), _("Rows"), _("When")], cells, _("Nothing yet."), numbers=(1,))


def _subject(item: Item) -> SafeString | str:
    if item.place == Item.Place.MAIL:
        return display.page_link("notifications_notification", item.subject, _("No. %(id)s") % {"id": item.subject})
    return item.subject
