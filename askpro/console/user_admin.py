"""Log-ins and groups. Who manages them raises nobody above himself, himself included."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import CASCADE, Model, Q, QuerySet
from django.db.models.deletion import get_candidate_relations_to_delete
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from askpro.console import permission_names
from askpro.console.acts import Act
from askpro.console.choosing import ChoosingMixin
from askpro.console.entrance import codes
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.models import Access
from askpro.console.protection import protecting
from askpro.console.rights import Rights
from askpro.console.roles import MANAGER
from askpro.console.term import Term
from askpro.console.today.counting import Count, counted
from askpro.console.whole_row import WholeRowMixin


class GivingAdmin(ConsoleModelAdmin):
    """Offers only the permissions and groups that the person has."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.remote_field.model in (Permission, Group):
            rows = db_field.remote_field.model._default_manager.all()
            options["queryset"] = Rights.of(request.user).givable(rows)
        field = super().formfield_for_manytomany(db_field, request, **options)
        if field is not None and db_field.remote_field.model is Permission:
            field.label_from_instance = permission_names.told
        return field


class AccessInline(WholeRowMixin, ChoosingMixin, StackedInline):
    """Whose rows the log-in sees; with the same right to change it as the log-in itself."""

    model = Access
    fields = ("is_operator", "companies", "gives")
    autocomplete_fields = ("companies",)
    can_delete = False
    max_num = extra = 1

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "gives":
            options["queryset"] = Rights.of(request.user).givable(Group.objects.all())
        return super().formfield_for_manytomany(db_field, request, **options)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._users.has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._users.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._users.has_change_permission(request, obj)

    @property
    def _users(self) -> Any:
        return self.admin_site.get_model_admin(User)


class NewUserForm(UserCreationForm):
    class Meta(UserCreationForm.Meta):
        fields = ("username", "first_name", "last_name", "email", "groups")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "usable_password" in self.fields:
            # Django's own help text speaks of what AskPro does not have, and only English.
            self.fields["usable_password"].help_text = _("Without a password, nobody can log in by this log-in.")


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(GivingAdmin, DjangoUserAdmin):  # type: ignore[misc] # the stubs say the same in other words
    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "first_name", "last_name", "sees", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser", "groups")
    search_fields = ("username", "email")  # type: ignore[misc]
    search_help_text = _("Name or e-mail address")  # type: ignore[misc]
    empty_text = _("Nobody else has a log-in yet.")
    inlines = (AccessInline,)
    acts = (
        Act(
            name="remove_second_factor",
            label=_("Take the second factor away"),
            icon="no_encryption",
            explain=_(
                "For somebody who has lost the phone: the password alone opens the console again. Make sure that it is "
                "this person who asks. Who can give rights sets up a new one at the next log-in."
            ),
            done=_("second factor taken away"),
            possible=lambda user: codes.of(user) is not None,
            run=lambda user, giver, note: Rights.of(giver).cover(Rights.of(user)) and codes.remove(user),
            note=_("How you know that it is this person (no names)"),
            note_required=True,
        ),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (None, {"fields": ("username", ("first_name", "last_name"), "email", "groups")}),
        (_("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        return super().offered(request, obj) if _covers(request, obj) else []

    def find(self, rows: QuerySet[User], term: Term) -> QuerySet[User]:
        named = Q(username__icontains=term.text) | Q(email__icontains=term.text)
        return rows.filter(named | Q(first_name__icontains=term.text) | Q(last_name__icontains=term.text))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return (
            super()
            .get_queryset(request)
            .select_related("access", "second_factor")
            .prefetch_related("access__companies")
        )

    @admin.display(description=_("Sees"))
    def sees(self, user: User) -> str:
        access = getattr(user, "access", None)
        if user.is_superuser or (access and access.is_operator):
            return gettext("everything")
        names = ", ".join(company.name for company in access.companies.all()) if access else ""
        return names or gettext("nothing")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        may = bool(super().has_change_permission(request, obj))
        return may and (obj is None or _covers(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A log-in is switched off instead: with it would go the record of what it did."""
        return bool(request.user.is_superuser)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], list[Any]]:
        """The log-ins by name, and how much goes with them: the record of what somebody did may be long."""
        if protected := protecting(objs):
            return [], {}, set(), protected
        gone = _going_along(objs)
        admins = self.admin_site._registry
        needed = {
            str(model._meta.verbose_name)
            for model in gone
            if model in admins and not admins[model].has_delete_permission(request)
        }
        numbers = {str(model._meta.verbose_name_plural): number for model, number in gone.items()}
        return [str(user) for user in objs], numbers, needed, []

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, "is_superuser")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"groups": Group.objects.filter(name=MANAGER)}

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if not change:
            # A log-in is for the console: nothing else asks for one.
            obj.is_staff = True
        super().save_model(request, obj, form, change)


@admin.register(Group)
class GroupAdmin(GivingAdmin, DjangoGroupAdmin):  # type: ignore[misc]
    search_help_text = _("Name")  # type: ignore[misc]
    empty_text = _("No group yet: manage.py migrate makes five.")

    def find(self, rows: QuerySet[Group], term: Term) -> QuerySet[Group]:
        return rows.filter(name__icontains=term.text)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        may = bool(super().has_change_permission(request, obj))
        return may and (obj is None or Rights.of(request.user).covers_group(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        may = bool(super().has_delete_permission(request, obj))
        return may and (obj is None or Rights.of(request.user).covers_group(obj))


def _going_along(users: Iterable[User]) -> dict[type[Model], Count]:
    """How many rows of which kind are deleted with these log-ins; none are counted further than anybody reads.

    Django's collector would read each of them.
    """
    rows = [*_cascade(User.objects.filter(pk__in=[user.pk for user in users]))]
    gone: dict[type[Model], Count] = defaultdict(Count)
    for place, count in counted({str(place): each for place, each in enumerate(rows)}).items():
        model = rows[int(place)].model
        gone[model] = gone[model].and_more(count)
    return {model: count for model, count in gone.items() if count}


def _cascade(rows: QuerySet[Any]) -> Iterator[QuerySet[Any]]:
    """The rows, and those that are deleted with them, of one relation each."""
    yield rows
    relations: Iterable[Any] = get_candidate_relations_to_delete(rows.model._meta)
    for relation in relations:
        if relation.field.remote_field.on_delete is CASCADE:
            yield from _cascade(relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": rows}))


def _covers(request: HttpRequest, user: User) -> bool:
    """Whether the person has all that the log-in has; found out once a request, for a page asks it often."""
    known: dict[int, bool] = request.__dict__.setdefault("_covered", {})
    if user.pk not in known:
        known[user.pk] = Rights.of(request.user).cover(Rights.of(user))
    return known[user.pk]
