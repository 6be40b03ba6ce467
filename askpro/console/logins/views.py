"""The pages on which a manager gives log-ins to people of his companies."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console import audit
from askpro.console.logins.forms import GivingForm, LoginForm, NewLoginForm, PasswordForm
from askpro.console.logins.giver import Giver
from askpro.console.models import Access

MOST: int = 200


def list_view(request: HttpRequest) -> HttpResponse:
    """Who has a log-in for one of the companies."""
    giver = Giver.required(request.user)
    people = giver.people.prefetch_related("groups", "access__companies")[:MOST]
    rows = [(each, _roles(each), _companies(each, giver)) for each in people]
    return _page(request, "console/logins/list.html", {"title": _("Log-ins"), "rows": rows})


def add_view(request: HttpRequest) -> HttpResponse:
    """Ask on GET, make it on POST."""
    giver = Giver.required(request.user)
    form = NewLoginForm(request.POST if request.method == "POST" else None)
    form.offer(giver)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            person = form.save(commit=False)
            person.is_staff = True
            person.save()
            Access.objects.create(user=person)
            _give(person, giver, form)
            audit.note(request, person, "added", after=_state(person))
        messages.success(request, _("The log-in is there. Tell its person the name and the password."))
        return HttpResponseRedirect(reverse("admin:logins"))
    return _ask(request, form, _("Add a log-in"), _("Add"))


def change_view(request: HttpRequest, user_id: int) -> HttpResponse:
    """Ask on GET, change it on POST; a log-in with other rights than the giver has is only shown."""
    giver = Giver.required(request.user)
    with transaction.atomic():
        person = _person(giver, user_id)
        if not giver.may_change(person):
            if request.method == "POST":
                raise PermissionDenied
            return _page(request, "console/logins/other.html", {"title": person.get_username(), "person": person})
        before = _state(person)
        form = LoginForm(request.POST if request.method == "POST" else None, instance=person)
        form.offer(giver)
        if request.method == "POST" and form.is_valid():
            _give(form.save(), giver, form)
            audit.note(request, person, "changed", "", *audit.changes(before, _state(person)))
            messages.success(request, _("The log-in was changed."))
            return HttpResponseRedirect(reverse("admin:logins"))
    title = _("Log-in %(name)s") % {"name": person.get_username()}
    offered = [
        {"label": _("New password"), "icon": "key", "href": reverse("admin:logins_password", args=[person.pk])},
    ]
    return _ask(request, form, title, _("Save"), offered=offered)


def password_view(request: HttpRequest, user_id: int) -> HttpResponse:
    """Ask on GET, set it on POST."""
    giver = Giver.required(request.user)
    with transaction.atomic():
        person = _person(giver, user_id)
        if not giver.may_change(person):
            raise PermissionDenied
        form = PasswordForm(person, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            form.save()
            audit.note(request, person, "password")
            messages.success(request, _("The password was changed."))
            return HttpResponseRedirect(reverse("admin:logins"))
    title = _("New password for %(name)s") % {"name": person.get_username()}
    follows = [_("Whoever is logged in with the old one is logged out. Tell the person the new one.")]
    return _ask(request, form, title, _("Set password"), follows)


def _person(giver: Giver, user_id: int) -> User:
    """The log-in, locked, so that what it may do does not change while somebody looks at it."""
    person = giver.people.select_for_update().filter(pk=user_id).first()
    if person is None:
        raise Http404
    return person


def _give(person: User, giver: Giver, form: GivingForm) -> None:
    """Roles that are not the giver's to give, and companies that are not his, stay as they are."""
    chosen = {name: {row.pk for row in form.cleaned_data[name]} for name in ("roles", "companies")}
    person.groups.remove(*(giver.groups - chosen["roles"]))
    person.groups.add(*(giver.groups & chosen["roles"]))
    held = Access.objects.get(user=person).companies
    held.remove(*(giver.rights.companies - chosen["companies"]))
    held.add(*(giver.rights.companies & chosen["companies"]))


def _state(person: User) -> dict[str, Any]:
    """What the record keeps of it."""
    companies = Access.objects.filter(user=person).values_list("companies", flat=True)
    return {
        "is_active": person.is_active,
        "roles": sorted(person.groups.values_list("name", flat=True)),
        "companies": sorted(each for each in companies if each is not None),
    }


def _roles(person: User) -> str:
    return ", ".join(sorted(group.name for group in person.groups.all()))


def _companies(person: User, giver: Giver) -> str:
    """Of his companies, those of the giver's: what others there are is not for him to read."""
    companies = person.access.companies.all()
    return ", ".join(sorted(each.name for each in companies if each.pk in giver.rights.companies))


def _ask(
    request: HttpRequest,
    form: forms.BaseForm,
    title: str,
    label: str,
    follows: list[str] | None = None,
    offered: list[dict[str, str]] | None = None,
) -> HttpResponse:
    usual = [
        _("The person sees the rows of the ticked companies and may do there what the ticked roles say."),
        _("You can give the roles that an operator lets you give. None reaches beyond these companies."),
    ]
    context = {"title": title, "form": form, "act": {"label": label}, "follows": follows or usual, "offered": offered}
    return _page(request, "console/fleet_act.html", {**context, "back": reverse("admin:logins")})


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    # Imported here: the site leads to these views.
    from django.contrib import admin

    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
