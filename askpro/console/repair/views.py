"""The pages: what matches a filter, and the question before a deed."""

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from askpro.console import audit, display
from askpro.console.repair.addresses import address
from askpro.console.repair.bounded import TooWide, bounded
from askpro.console.repair.chosen import FROM, TO, Chosen
from askpro.console.repair.counting import counted, shown_count
from askpro.console.repair.forms import RepairForm
from askpro.console.repair.kinds import Asked, Repairable, Verb, Words, kind_of, kinds, verb_of
from askpro.console.repair.preview import preview
from askpro.console.repair.starting import MOST, Grown, Order, TooMany, start
from askpro.console.scope import Scope

PAGE: Final = 50
# A filter without a beginning looks back as far as this, so that an address of today shows today's trouble.
HINT: Final = timedelta(hours=1)


def list_view(request: HttpRequest, kind_name: str) -> HttpResponse:
    """What matches: how many, by what they differ, and the newest of them."""
    kind = _kind(request, kind_name)
    chosen = Chosen.of(kind, request.GET)
    verbs = _verbs(request, chosen)
    context: dict[str, Any] = {
        "title": _("Repair: %(kind)s") % {"kind": kind.title},
        "kind": kind,
        "tabs": [
            (each, address(each.name), each is kind) for each in kinds() if request.user.has_perm(each.permission)
        ],
        "chosen": chosen,
        "fields": _fields(chosen),
        "picked": [(each.name, chosen.typed[each.name]) for each in kind.facets if each.name in chosen.typed],
        "wrong": [(each.label, chosen.errors[each.name]) for each in kind.facets if each.name in chosen.errors],
        "verbs": [(verb, href) for verb, href in verbs if not verb.stands_apart],
        "grave": [(verb, href) for verb, href in verbs if verb.stands_apart],
        "page_size": PAGE,
    }
    try:
        with bounded():
            context |= _found(chosen)
    except TooWide:
        context["is_too_wide"] = True
    return _page(request, "console/repair/list.html", context)


def act_view(request: HttpRequest, kind_name: str, verb_name: str) -> HttpResponse:
    """Ask on GET, with what would become of each row; write the repair down on POST."""
    kind = _kind(request, kind_name)
    verb = verb_of(kind, verb_name)
    if not _may(request, verb):
        raise PermissionDenied
    chosen = Chosen.of(kind, request.GET)
    back = f"{address(kind.name)}?{chosen.query}"
    if chosen.errors:
        return HttpResponseRedirect(back)
    form = RepairForm(verb, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        repair = _start(request, verb, chosen, form)
        if repair is not None:
            return HttpResponseRedirect(display.address(repair))
        form = RepairForm(verb, _asked_again(form))
    return _ask(request, verb, chosen, form, back)


def _ask(request: HttpRequest, verb: Verb, chosen: Chosen, form: RepairForm, back: str) -> HttpResponse:
    kind, looked_at = chosen.kind, timezone.now()
    context: dict[str, Any] = {
        "kind": kind,
        "verb": verb,
        "form": form,
        "back": back,
        "looked_at": looked_at.isoformat(),
    }
    try:
        rows = chosen.of_rows(kind.rows()).filter(kind.until(looked_at))
        context["preview"] = found = preview(kind, verb, rows, Asked(at=_when(form)))
    except TooWide:
        return _page(request, "console/repair/ask.html", {**context, "title": verb.label, "is_too_wide": True})
    context["count"] = shown_count(found.doing.count, found.is_capped)
    context["seen"] = "" if found.is_capped else found.total
    title = _("%(verb)s: %(noun)s (%(count)s)") % {"verb": verb.label, "count": context["count"], "noun": kind.noun}
    return _page(request, "console/repair/ask.html", {**context, "title": title, "filter": _told(chosen)})


def _start(request: HttpRequest, verb: Verb, chosen: Chosen, form: RepairForm) -> Any:
    """The repair; None where it could not be written, with a message that says why."""
    said = form.cleaned_data
    order = Order(
        verb=verb,
        chosen=chosen,
        asked=Asked(said["reason"], said.get("when"), request.user),
        rate=said["rate"],
        tries_first=said.get("tries_first", False),
        looked_at=said["looked_at"],
        seen=said["seen"],
    )
    try:
        with transaction.atomic():
            repair = start(order)
            audit.note(request, repair, "repair", order.asked.reason, after=repair.chosen)
        return repair
    except Grown:
        messages.warning(request, _("More rows match by now. Look at them again before you start."))
    except TooMany:
        messages.error(request, _("More than %(most)d rows match. Narrow it, best by time.") % {"most": MOST})
    except TooWide:
        messages.error(request, _("That takes too long to find. Narrow it, best by time."))
    return None


def _found(chosen: Chosen) -> dict[str, Any]:
    kind = chosen.kind
    rows: QuerySet[Any] = chosen.of_rows(kind.rows())
    count = counted(chosen, rows)
    shown = [(row, kind.cells(row)) for row in rows.order_by("-pk")[:PAGE]] if count.total else []
    return {"counted": count, "count": shown_count(count.total, count.is_capped), "rows": shown}


def _fields(chosen: Chosen) -> list[dict[str, Any]]:
    """The part of the filter that is typed: by name, label, hint, what was typed, and what is wrong with it."""
    kind = chosen.kind
    example = display.local(timezone.now() - HINT, "d.m.Y H:00")
    named: list[tuple[str, Words, Words]] = [
        (FROM, _("%(moment)s from") % {"moment": kind.moment_label}, example),
        (TO, _("to"), _("such as 10:00")),
    ]
    named += [(text.name, text.label, text.hint) for text in kind.texts]
    return [
        {
            "name": name,
            "label": label,
            "hint": hint,
            "value": chosen.typed.get(name, ""),
            "error": chosen.errors.get(name, ""),
        }
        for name, label, hint in named
    ]


def _told(chosen: Chosen) -> list[tuple[Any, Any]]:
    """The filter in words."""
    facets = {each.name: each for each in chosen.kind.facets}
    labels = {FROM: _("From"), TO: _("To"), **{name: each.label for name, each in facets.items()}}
    labels |= {text.name: text.label for text in chosen.kind.texts}
    values: dict[str, Any] = {FROM: display.minute(chosen.since), TO: display.minute(chosen.until)}
    values |= {name: facets[name].word(text) for name, text in chosen.typed.items() if name in facets}
    told = [(labels[name], values.get(name, text)) for name, text in chosen.typed.items()]
    return [*told, *([(_("Ticked"), len(chosen.ids))] if chosen.ids else [])]


def _verbs(request: HttpRequest, chosen: Chosen) -> list[tuple[Verb, str]]:
    """The verbs that this person may use, each with the address that asks for all that match."""
    name = chosen.kind.name
    return [(verb, f"{address(name, verb.name)}?{chosen.query}") for verb in chosen.kind.verbs if _may(request, verb)]


def _may(request: HttpRequest, verb: Verb) -> bool:
    return bool(request.user.has_perms(verb.permissions))


def _kind(request: HttpRequest, name: str) -> Repairable:
    """The kind, for operators who may look at its rows: a filter goes through those of all companies."""
    kind = kind_of(name)
    if not (request.user.has_perm(kind.permission) and Scope.of(request.user).is_whole):
        raise PermissionDenied
    return kind


def _when(form: RepairForm) -> Any:
    """The time that was said; until one was, no row is judged by it."""
    return form.cleaned_data.get("when") if form.is_bound and form.is_valid() else timezone.now()


def _asked_again(form: RepairForm) -> dict[str, Any]:
    """What was said, without what was seen: the page shows that anew."""
    return {name: value for name, value in form.data.items() if name not in ("looked_at", "seen")}


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    # Imported here: the site leads to these views.
    from django.contrib import admin

    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})


def first_view(request: HttpRequest) -> HttpResponse:
    """The first kind that this person may look at."""
    for kind in kinds():
        if request.user.has_perm(kind.permission):
            return HttpResponseRedirect(reverse("admin:repair", args=[kind.name]))
    raise PermissionDenied
