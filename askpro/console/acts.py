"""What a person may do to rows that are otherwise read only: one page that asks, one POST that does it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminTextareaWidget

CONFIRMED = "confirmed"
MOST_NAMED = 20
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Act:
    """A verb. `run(object, user, note)` is conditional: it returns False when somebody was first."""

    name: str
    label: str
    icon: str
    explain: str
    done: str
    possible: Callable[[Any], bool]
    run: Callable[[Any, Any, str], bool]
    note: str = ""
    note_required: bool = False
    # What it would do once more, for the rows that are about to be acted on.
    again: Callable[[list[Any]], list[str]] | None = None


class NoteForm(forms.Form):
    """What the person who acts wants to be read later."""

    note = forms.CharField(max_length=1000, required=False, widget=UnfoldAdminTextareaWidget({"rows": 3}))

    def __init__(self, act: Act, data: Any = None) -> None:
        super().__init__(data)
        self.fields["note"].label = act.note
        self.fields["note"].required = act.note_required


class ActsMixin:
    """Adds `acts` to a ModelAdmin: on the row's page, and for selected rows of the list."""

    acts: tuple[Act, ...] = ()
    act_template = "console/act.html"
    opts: Any
    admin_site: Any
    model: Any

    def may_act(self, request: HttpRequest) -> bool:
        """The permission to change such rows, which the console grants in no other way."""
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
        if not self.may_act(request):
            return actions
        return actions | {act.name: (partial(_selected, act=act), act.name, f"{act.label} …") for act in self.acts}

    def offered(self, request: HttpRequest, obj: models.Model) -> list[dict[str, str]]:
        """The buttons of a row's page: only what its state and the person's permissions allow."""
        if not self.may_act(request):
            return []
        return [
            {"label": act.label, "icon": act.icon, "href": reverse(f"admin:{self._route(act)}", args=[obj.pk])}
            for act in self.acts
            if act.possible(obj)
        ]

    def act_view(self, request: HttpRequest, object_id: str, act: Act) -> HttpResponse:
        """Ask on GET, act on POST."""
        if not self.may_act(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        request.page_name = self.named(obj)  # type: ignore[attr-defined] # read by the header's template
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])
        return self.ask_or_act(request, act, [obj], page) or HttpResponseRedirect(page)

    def ask_or_act(
        self, request: HttpRequest, act: Act, objects: Iterable[models.Model], back: str
    ) -> HttpResponse | None:
        """The page that asks, or None once everything is done."""
        if not self.may_act(request):
            raise PermissionDenied
        rows = list(islice(objects, MOST_AT_ONCE + 1))
        if len(rows) > MOST_AT_ONCE:
            messages.error(request, f"At most {MOST_AT_ONCE} at once. Filter the list further.")
            return HttpResponseRedirect(back)
        confirmed = request.method == "POST" and CONFIRMED in request.POST
        form = NoteForm(act, request.POST if confirmed else None)
        if confirmed and form.is_valid():
            self._act_on_all(request, act, rows, form.cleaned_data["note"])
            return None
        context = {**self.admin_site.each_context(request), **self._question(act, rows, form), "back": back}
        return TemplateResponse(request, self.act_template, context)

    def _question(self, act: Act, rows: list[models.Model], form: NoteForm) -> dict[str, Any]:
        possible = [row for row in rows if act.possible(row)]
        return {
            "opts": self.opts,
            "title": act.label,
            "original": rows[0] if len(rows) == 1 else None,
            "act": act,
            "form": form if act.note else None,
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

    def _act_on_all(self, request: HttpRequest, act: Act, rows: list[models.Model], note: str) -> None:
        done = 0
        for row in rows:
            with transaction.atomic():
                if act.possible(row) and act.run(row, request.user, note):
                    self._record(request, act, row, note)
                    done += 1
        skipped = len(rows) - done
        if done:
            messages.success(request, f"{done} {act.done}." if len(rows) > 1 else f"{act.done.capitalize()}.")
        if skipped:
            messages.warning(request, f"{skipped} skipped: no longer in a state for it.")

    def _record(self, request: HttpRequest, act: Act, row: models.Model, note: str) -> None:
        words = f"{act.done.capitalize()}: {note}" if note else f"{act.done.capitalize()}."
        LogEntry.objects.log_actions(int(request.user.pk or 0), [row], CHANGE, change_message=words, single_object=True)

    def _route(self, act: Act) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{act.name}"


def _selected(
    model_admin: ActsMixin, request: HttpRequest, queryset: models.QuerySet[models.Model], act: Act
) -> HttpResponse | None:
    return model_admin.ask_or_act(request, act, queryset, request.get_full_path())
