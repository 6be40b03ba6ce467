"""What a person may do to rows that are otherwise read only: one page that asks, one POST that does it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from askpro.console import audit, display, masking
from askpro.language.text import Text

CONFIRMED = "confirmed"
MOST_NAMED = 20
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Act:
    """A verb. `run(object, user, note)` is conditional: it returns False when somebody was first.

    With `when`, a person also names a time, by the clocks of the row's own `zone`, which `run_at` gets, too. Such an
    act has one row. With `pick`, a person chooses one of `picks`, which `run_picked` gets; where these depend on the
    row or on who asks, the act is `single`, too.
    """

    name: str
    label: Text
    icon: str
    explain: Text
    done: Text
    possible: Callable[[Any], bool]
    run: Callable[[Any, Any, str], bool] = lambda row, user, note: False
    note: Text = ""
    note_required: bool = False
    when: Text = ""
    zone: Callable[[Any], tzinfo] = lambda row: timezone.get_current_timezone()
    run_at: Callable[[Any, Any, str, datetime], bool] = lambda row, user, note, when: False
    pick: Text = ""
    picks: Callable[[Any, Any], list[tuple[str, Any]]] = lambda row, user: []
    run_picked: Callable[[Any, Any, str, str], bool] = lambda row, user, note, picked: False
    single: bool = False
    # What it takes, where the permission to change such rows does not say it: all of these.
    permissions: tuple[str, ...] = ()
    # What will follow, for the row that is about to be acted on.
    follows: Callable[[Any], list[str]] | None = None
    # What it would do once more, for the rows that are about to be acted on.
    again: Callable[[list[Any]], list[str]] | None = None


class NoteForm(forms.Form):
    """What the person who acts wants to be read later."""

    when = forms.DateTimeField(widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}))
    note = forms.CharField(max_length=1000, required=False, widget=UnfoldAdminTextareaWidget({"rows": 3}))

    def __init__(self, act: Act, data: Any = None, picks: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__(data)
        self.fields["pick"] = forms.ChoiceField(
            label=act.pick, choices=[("", "–"), *picks], widget=UnfoldAdminSelectWidget
        )
        self.fields["note"].label = act.note
        self.fields["note"].required = act.note_required
        self.fields["when"].label = act.when
        for name, is_asked in (("when", act.when), ("pick", act.pick)):
            if not is_asked:
                del self.fields[name]


class ActsMixin:
    """Adds `acts` to a ModelAdmin: on the row's page, and for selected rows of the list."""

    acts: tuple[Act, ...] = ()
    act_template = "console/act.html"
    opts: Any
    admin_site: Any
    model: Any

    def may_act(self, request: HttpRequest, act: Act | None = None) -> bool:
        """The permissions of the act; else the one to change such rows, which the console grants in no other way."""
        if act is not None and act.permissions:
            return self.has_view_permission(request) and request.user.has_perms(act.permissions)  # type: ignore[attr-defined]
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def named(self, obj: Any) -> str:
        """A row so that a person recognises it before acting on it."""
        return str(obj)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{act.name}/",
                self.admin_site.admin_view(partial(self.act_view, act=act)),
                name=self._route(act),
            )
            for act in self.acts
        ]
        return own + super().get_urls()  # type: ignore[misc]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        return actions | {
            act.name: (partial(_selected, act=act), act.name, f"{act.label} …")
            for act in self.acts
            if not (act.when or act.single) and self.may_act(request, act)
        }

    def offered(self, request: HttpRequest, obj: models.Model) -> list[dict[str, str]]:
        """The buttons of a row's page: only what its state and the person's permissions allow."""
        return [
            {"label": str(act.label), "icon": act.icon, "href": reverse(f"admin:{self._route(act)}", args=[obj.pk])}
            for act in self.acts
            if self.may_act(request, act) and act.possible(obj)
        ]

    def act_view(self, request: HttpRequest, object_id: str, act: Act) -> HttpResponse:
        """Ask on GET, act on POST."""
        if not self.may_act(request, act):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])
        question = self.ask_or_act(request, act, [obj], page)
        if question is None:
            return HttpResponseRedirect(page)
        request.page_name = self.named(obj)  # type: ignore[attr-defined] # read by the header's template
        return question

    def ask_or_act(
        self, request: HttpRequest, act: Act, objects: Iterable[models.Model], back: str
    ) -> HttpResponse | None:
        """The page that asks, or None once everything is done."""
        if not self.may_act(request, act):
            raise PermissionDenied
        rows = list(islice(objects, MOST_AT_ONCE + 1))
        if len(rows) > MOST_AT_ONCE:
            messages.error(request, _("At most %(count)s at once. Filter the list further.") % {"count": MOST_AT_ONCE})
            return HttpResponseRedirect(back)
        confirmed = request.method == "POST" and CONFIRMED in request.POST
        form = self.form_for(request, act, rows, request.POST if confirmed else None)
        if confirmed and _is_valid(form, act, rows):
            self._act_on_all(request, act, rows, form.cleaned_data)
            return None
        masking.over()
        context = {**self.admin_site.each_context(request), **self._question(act, rows, form), "back": back}
        return TemplateResponse(request, self.act_template, context)

    def form_for(self, request: HttpRequest, act: Act, rows: list[models.Model], data: Any) -> NoteForm:
        """What the person who acts is asked."""
        return NoteForm(act, data, act.picks(rows[0], request.user) if rows else [])

    def _question(self, act: Act, rows: list[models.Model], form: NoteForm) -> dict[str, Any]:
        possible = [row for row in rows if act.possible(row)]
        return {
            "opts": self.opts,
            "title": act.label,
            "original": rows[0] if len(rows) == 1 else None,
            "act": act,
            "form": form if act.note or act.pick else None,
            "follows": act.follows(possible[0]) if act.follows and len(possible) == 1 else [],
            "count": len(possible),
            "noun": self.opts.verbose_name if len(possible) == 1 else self.opts.verbose_name_plural,
            "again": act.again(possible) if act.again else [],
            "names": [self.named(row) for row in possible[:MOST_NAMED]],
            "more": max(len(possible) - MOST_NAMED, 0),
            "skipped": len(rows) - len(possible),
            "selected": [str(row.pk) for row in rows],
            "checkbox": ACTION_CHECKBOX_NAME,
            "confirmed": CONFIRMED,
        }

    def _act_on_all(self, request: HttpRequest, act: Act, rows: list[models.Model], said: dict[str, Any]) -> None:
        done, note = 0, said["note"]
        for row in rows:
            with transaction.atomic():
                before = audit.state(row)
                if act.possible(row) and _run(act, row, request.user, said):
                    self._record(request, act, row, note, before)
                    done += 1
        skipped = len(rows) - done
        if done:
            said_done = f"{display.number(done)} {act.done}" if len(rows) > 1 else capfirst(act.done)
            messages.success(request, f"{said_done}.")
        if skipped:
            words = _("%(count)s skipped: no longer in a state for it.") % {"count": display.number(skipped)}
            messages.warning(request, words)

    def _record(self, request: HttpRequest, act: Act, row: models.Model, note: str, before: dict[str, Any]) -> None:
        with translation.override("en"):
            # The record has one language; whoever reads it has the other translated (`deeds.told`).
            done = str(capfirst(act.done))
        after = type(row)._default_manager.filter(pk=row.pk).first()
        changed = audit.changes(before, audit.state(after)) if after is not None else ({}, {})
        audit.note(request, row, act.name, note, *changed, words=f"{done}: {note}" if note else f"{done}.")

    def _route(self, act: Act) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{act.name}"


def _is_valid(form: NoteForm, act: Act, rows: list[models.Model]) -> bool:
    """Whether the form makes sense; a time is read by the clocks where the row is."""
    with timezone.override(act.zone(rows[0]) if act.when and rows else None):
        return form.is_valid()


def _run(act: Act, row: models.Model, user: Any, said: dict[str, Any]) -> bool:
    if act.when:
        return act.run_at(row, user, said["note"], said["when"].astimezone(UTC))
    if act.pick:
        return act.run_picked(row, user, said["note"], said["pick"])
    return act.run(row, user, said["note"])


def _selected(
    model_admin: ActsMixin, request: HttpRequest, queryset: models.QuerySet[models.Model], act: Act
) -> HttpResponse | None:
    return model_admin.ask_or_act(request, act, queryset, request.get_full_path())
