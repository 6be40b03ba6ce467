"""One dead job with other arguments: a new job in its place, and on both pages what is different."""

import json
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from askpro.console import audit, display, effects
from askpro.console.fleet_forms import ReasonForm
from askpro.console.json_field import StorableJSONField
from askpro.console.permissions import May
from askpro.console.repair.kinds import Asked, kind_of, verb_of
from askpro.queues import Rejected, corrections
from askpro.queues.models import Job

LONGEST: Final = 20_000
LONGEST_SENTENCE: Final = 300
MISSING: Final = "–"


class ArgumentsForm(ReasonForm):
    """The arguments as JSON, and why they are changed."""

    # Not required: an empty object would count as nothing.
    kwargs = StorableJSONField(
        label=_("Arguments by name"), required=False, widget=UnfoldAdminTextareaWidget({"rows": 8})
    )
    args = StorableJSONField(
        label=_("Arguments by place"), required=False, widget=UnfoldAdminTextareaWidget({"rows": 2})
    )

    def __init__(self, job: Job, data: Any = None) -> None:
        super().__init__(data)
        self.job = job
        self.fields["kwargs"].initial, self.fields["args"].initial = job.kwargs, job.args
        self.order_fields(["kwargs", "args", "reason"])

    def clean_kwargs(self) -> dict[str, Any]:
        return self._of_kind(self.cleaned_data["kwargs"], dict, gettext('Write an object, such as {"call_id": 17}.'))

    def clean_args(self) -> list[Any]:
        return self._of_kind(self.cleaned_data["args"] or [], list, gettext("Write a list, such as [17]."))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and (said["args"], said["kwargs"]) == (self.job.args, self.job.kwargs):
            self.add_error("kwargs", gettext("These are its arguments. To run it with them, retry it."))
        return said

    def _of_kind(self, value: Any, kind: type, sentence: str) -> Any:
        if not isinstance(value, kind) or len(json.dumps(value)) > LONGEST:
            raise forms.ValidationError(sentence)
        return value


def edit_view(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask on GET, replace the job on POST."""
    if not (request.user.has_perm("queues.view_job") and request.user.has_perm(May.EDIT)):
        raise PermissionDenied
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise Http404
    form = ArgumentsForm(job, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and (new := _replace(request, form)) is not None:
        return HttpResponseRedirect(display.address(new))
    return _ask(request, job, form)


def may_edit(request: HttpRequest, job: Job) -> bool:
    return job.status == Job.Status.DEAD and request.user.has_perm(May.EDIT)


def relation(job: Job) -> dict[str, Any]:
    """The job that replaced this one, or that this one replaced, and what is different; empty where there is none."""
    named = {name: job.options.get(name) for name in (corrections.REPLACED_BY, corrections.REPLACES)}
    name, key = next(((name, key) for name, key in named.items() if key), ("", None))
    other = Job.objects.filter(pk=key).first() if key else None
    if other is None:
        return {}
    old, new = (job, other) if name == corrections.REPLACED_BY else (other, job)
    return {"is_replaced": old is job, "other": other, "differences": differences(old, new)}


def differences(old: Job, new: Job) -> list[tuple[str, str, str]]:
    """Each argument that is not the same: its name, as it was, and as it is."""
    before, after = _by_name(old), _by_name(new)
    names = [name for name in {**before, **after} if before.get(name, MISSING) != after.get(name, MISSING)]
    return [(name, before.get(name, MISSING), after.get(name, MISSING)) for name in names]


def _by_name(job: Job) -> dict[str, str]:
    placed = {f"#{number}": value for number, value in enumerate(job.args, 1)}
    return {name: json.dumps(value, ensure_ascii=False) for name, value in {**placed, **job.kwargs}.items()}


def _replace(request: HttpRequest, form: ArgumentsForm) -> Job | None:
    """The new job; None with a sentence at the form where there can be none."""
    said, job = form.cleaned_data, form.job
    try:
        with transaction.atomic():
            new_id = corrections.replace(job.pk, said["args"], said["kwargs"], said["reason"])
            if new_id is None:
                form.add_error("kwargs", gettext("It is not dead any more."))
                return None
            new = Job.objects.get(pk=new_id)
            changed = ", ".join(name for name, _before, _after in differences(job, new))
            words = f"Replaced by job {new.pk} with other arguments ({changed}): {said['reason']}"
            audit.note(request, job, "replace", said["reason"], job.kwargs, new.kwargs, words=words)
    except (ValueError, Rejected) as error:
        # It quotes what this person has typed, and nobody else reads it.
        form.add_error("kwargs", str(error)[:LONGEST_SENTENCE])
        return None
    messages.success(request, gettext("Sent with other arguments. The dead one stays, and leads here."))
    return new


def _ask(request: HttpRequest, job: Job, form: ArgumentsForm) -> HttpResponse:
    # Imported here: the site leads to this view.
    from django.contrib import admin

    follows = [
        gettext("A new job runs at once, in its place in chain and batch. The dead one is cancelled and stays."),
        *effects.of_retry([job]),
        *_already(job),
    ]
    context = {
        **admin.site.each_context(request),
        "title": gettext("Other arguments for %(job)s") % {"job": job.actor_name},
        "act": {"label": gettext("Send with these arguments")},
        "follows": follows,
        "form": form,
        "back": display.address(job),
    }
    return TemplateResponse(request, "console/fleet_act.html", context)


def _already(job: Job) -> list[str]:
    """What speaks against running it at all, as a repair would say."""
    verb = verb_of(kind_of("failures"), "retry")
    verdict = verb.judged(Job.objects.filter(pk=job.pk), Asked()).values_list("verdict", flat=True).first()
    return [str(verb.sentences[verdict])] if verdict else []
