"""Acts whose result a person waits for: a vendor is asked at once, and the page says what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from askpro.console import audit
from askpro.console.acts import Act, ActsMixin, NoteForm

# In the address of an act's page: what was chosen on the page before.
CHOSEN: Final = "to"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an act, as the person reads it. `is_noted`: it belongs into the record of what people did."""

    sentence: str
    level: int = messages.SUCCESS
    is_noted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAct(Act):
    """For one row, `now` does it and says what came of it; it runs in no transaction, so that it may ask a vendor. It
    gets the row, who acts, and what was said in the form. For several rows `run` is called, which leaves it to jobs.

    With `choose`, a page comes first on which a person chooses; its template is `chooses`.
    """

    now: Callable[[Any, Any, Mapping[str, Any]], Outcome]
    # What the form begins with.
    initial: Callable[[HttpRequest, Any], dict[str, Any]] = lambda request, row: {}
    choose: Callable[[HttpRequest, Any], dict[str, Any]] | None = None
    chooses: str = ""


class LiveActsMixin(ActsMixin):
    """An `ActsMixin` whose `acts` may be `LiveAct`s."""

    def act_view(self, request: HttpRequest, object_id: str, act: Act) -> HttpResponse:
        asks_first = isinstance(act, LiveAct) and act.choose is not None and request.method == "GET"
        if asks_first and CHOSEN not in request.GET:
            return self._choice(request, object_id, act)
        return super().act_view(request, object_id, act)

    def form_for(self, request: HttpRequest, act: Act, rows: list[models.Model], data: Any) -> NoteForm:
        form = super().form_for(request, act, rows, data)
        if isinstance(act, LiveAct) and len(rows) == 1:
            form.initial = act.initial(request, rows[0])
        return form

    def _choice(self, request: HttpRequest, object_id: str, act: Act) -> HttpResponse:
        assert isinstance(act, LiveAct) and act.choose is not None
        if not self.may_act(request, act):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if row is None or not act.possible(row):
            # The page that asks says so.
            return super().act_view(request, object_id, act)
        request.page_name = self.named(row)  # type: ignore[attr-defined] # read by the header's template
        known = {"opts": self.opts, "original": row, "title": act.label, "act": act, "named": self.named(row)}
        context = {**self.admin_site.each_context(request), **known, **act.choose(request, row)}
        return TemplateResponse(request, act.chooses, context)

    def _act_on_all(self, request: HttpRequest, act: Act, rows: list[models.Model], said: dict[str, Any]) -> None:
        if not isinstance(act, LiveAct) or len(rows) != 1 or not act.possible(rows[0]):
            super()._act_on_all(request, act, rows, said)
            return
        before = audit.state(rows[0])
        outcome = act.now(rows[0], request.user, said)
        if outcome.is_noted:
            self._record(request, act, rows[0], said["note"], before)
        messages.add_message(request, outcome.level, outcome.sentence)
