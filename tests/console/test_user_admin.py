"""No user can give anyone more rights than their own, by any field of any form, or take over a user with more."""

from functools import partial
from itertools import product
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from askpro.console import user_admin
from askpro.console.models import Access
from askpro.console.rights import Rights
from askpro.console.roles import MANAGER, SHIPPED
from askpro.console.today import counting
from calls.models import Company
from tests.console.tenants import bound

PASSWORD = "a-new-password-of-mine"


class People:
    """A user who manages log-ins and has a few more permissions, and the users that they might want to be."""

    def __init__(self) -> None:
        self.companies = [Company.objects.create(name=name, slug=name.lower()) for name in ("Ours", "Theirs")]
        own = Permission.objects.filter(content_type__app_label="auth") | Permission.objects.filter(
            codename="view_call"
        )
        self.more = Permission.objects.get(codename="change_job")
        self.stronger = Group.objects.create(name="Stronger")
        self.stronger.permissions.add(self.more)
        self.weaker = Group.objects.create(name="Weaker")
        self.weaker.permissions.add(Permission.objects.get(codename="view_call"))
        self.me = bound(operator=True, permissions=own)
        self.covered = {
            "self": self.me,
            "peer": bound(operator=True, permissions=own),
            "salon": bound(self.companies[0], permissions=[]),
            "nobody": User.objects.create_user("nobody", "nobody@example.org", "x"),
        }
        self.covered["salon"].groups.add(self.weaker)
        self.stranger = {
            "superuser": User.objects.create_superuser("root", "root@example.org", "x"),
            "sleeping superuser": User.objects.create_user(
                "was-root", password="x", is_superuser=True, is_active=False
            ),
            "has more": bound(operator=True, permissions=[self.more]),
            "has more by a group": self._in(self.stronger, bound(operator=True, permissions=[])),
            "had more": self._in(self.stronger, User.objects.create_user("left", password="x", is_active=False)),
            "has more outside": self._in(self.stronger, User.objects.create_user("outside", password="x")),
        }
        self.client = Client()
        self.client.force_login(self.me)

    @staticmethod
    def _in(group: Group, user: User) -> User:
        user.groups.add(group)
        return user

    def every(self) -> dict[str, User]:
        return self.covered | self.stranger


@pytest.fixture
def people(db: None, settings: Any) -> People:
    # The real hashers are slow on purpose; here that would be most of the test's time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return People()


def form_of(user: User, **changes: Any) -> dict[str, Any]:
    """What a browser would send for the unchanged log-in, with some changes."""
    access = Access.objects.filter(user=user).first()
    form: dict[str, Any] = {
        "username": user.username,
        "email": user.email,
        "is_staff": "on",
        "is_active": "on",
        "groups": [group.pk for group in user.groups.all()],
        "user_permissions": [permission.pk for permission in user.user_permissions.all()],
        "access-TOTAL_FORMS": "1",
        "access-INITIAL_FORMS": "1" if access else "0",
        "access-0-id": str(access.pk) if access else "",
        "access-0-user": str(user.pk),
        "access-0-companies": [company.pk for company in access.companies.all()] if access else [],
    }
    if access and access.is_operator:
        form["access-0-is_operator"] = "on"
    return {**form, **changes}


def rows() -> list[Any]:
    """Everything about log-ins and groups that could be changed."""
    watched = (User, Group, Access, User.groups.through, User.user_permissions.through, Group.permissions.through)
    return [list(model._default_manager.order_by("pk").values()) for model in (*watched, Access.companies.through)]  # type: ignore[attr-defined]


def wishes(people: People) -> dict[str, dict[str, Any]]:
    """What a user might try to give, by field of the form."""
    return {
        "superuser": {"is_superuser": "on"},
        "permission": {"user_permissions": [people.more.pk]},
        "group": {"groups": [people.stronger.pk]},
        "both": {"groups": [people.weaker.pk, people.stronger.pk], "user_permissions": [people.more.pk]},
    }


def test_nobody_gets_more_than_the_giver_has(people: People) -> None:
    limit = Rights.of(people.me)

    for (name, user), wish in product(people.covered.items(), wishes(people).values()):
        people.client.post(f"/admin/auth/user/{user.pk}/change/", form_of(user, **wish))
        assert limit.cover(Rights.of(User.objects.get(pk=user.pk))), (name, wish)
    for number, wish in enumerate(wishes(people).values()):
        form = {"username": f"new-{number}", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
        new = {"access-TOTAL_FORMS": "0", "access-INITIAL_FORMS": "0", "is_staff": "on", **form, **wish}
        people.client.post("/admin/auth/user/add/", new)
    made = User.objects.filter(username__startswith="new-")
    assert made.exists()
    assert all(limit.cover(Rights.of(user)) for user in made)


def test_nobody_touches_who_has_more(people: People) -> None:
    before = rows()

    for name, user in people.stranger.items():
        address = f"/admin/auth/user/{user.pk}"
        mine = {"email": "mine@example.org", "username": "mine", "groups": [], "user_permissions": []}
        assert people.client.post(f"{address}/change/", form_of(user, **mine)).status_code == 403, name
        new = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
        assert people.client.post(f"{address}/password/", new).status_code == 403, name
        assert people.client.get(f"{address}/password/").status_code == 403, name
        assert people.client.post(f"{address}/delete/", {"post": "yes"}).status_code == 403, name
        edit = {
            "form-TOTAL_FORMS": "1",
            "form-INITIAL_FORMS": "1",
            "form-0-id": user.pk,
            "form-0-email": "m@example.org",
        }
        people.client.post("/admin/auth/user/", {**edit, "_save": "Save"})
        page = people.client.get(f"{address}/change/")
        assert page.status_code == 200, name
        assert user.password not in page.content.decode(), name

    assert rows() == before


def test_nobody_is_deleted_with_his_record(people: People) -> None:
    before = rows()

    for user in people.every().values():
        said = {"action": "delete_selected", "_selected_action": [user.pk], "index": "0", "post": "yes"}
        people.client.post("/admin/auth/user/", said)

    assert rows() == before


def test_no_group_gets_more_than_the_giver_has(people: People) -> None:
    weaker, stronger = f"/admin/auth/group/{people.weaker.pk}", f"/admin/auth/group/{people.stronger.pk}"

    people.client.post(f"{weaker}/change/", {"name": "Weaker", "permissions": [people.more.pk]})
    people.client.post("/admin/auth/group/add/", {"name": "New", "permissions": [people.more.pk]})
    assert people.client.post(f"{stronger}/change/", {"name": "Mine", "permissions": []}).status_code == 403
    assert people.client.post(f"{stronger}/delete/", {"post": "yes"}).status_code == 403
    said = {"action": "delete_selected", "_selected_action": [people.stronger.pk], "index": "0", "post": "yes"}
    assert people.client.post("/admin/auth/group/", said).status_code == 403

    ours = Group.objects.exclude(pk=people.stronger.pk).exclude(name__in=SHIPPED)
    assert not ours.filter(permissions=people.more).exists()
    assert people.stronger.permissions.count() == 1


def test_who_is_no_operator_manages_nobody(people: People) -> None:
    """Even with every permission, since log-ins belong to no company."""
    for person in (bound(people.companies[0]), bound()):
        client = Client()
        client.force_login(person)
        before = rows()
        for user in (person, people.me, people.stranger["superuser"], people.covered["salon"]):
            for address in (f"user/{user.pk}/change", f"user/{user.pk}/password", f"user/{user.pk}/delete", "user/add"):
                said = form_of(user, is_superuser="on", password1=PASSWORD, password2=PASSWORD, post="yes")
                said |= {"access-0-is_operator": "on", "access-0-companies": [each.pk for each in people.companies]}
                assert client.post(f"/admin/auth/{address}/", said).status_code in (302, 403, 404)
        assert rows() == before


def test_an_operator_does_what_is_his(people: People) -> None:
    """A form as a browser sends it changes what it should, so the tests above use one that works."""
    user = people.covered["salon"]
    wish = {"email": "neu@example.org", "access-0-companies": [each.pk for each in people.companies]}
    answer = people.client.post(f"/admin/auth/user/{user.pk}/change/", form_of(user, **wish))

    assert answer.status_code == 302
    user = User.objects.get(pk=user.pk)
    assert (user.email, user.access.companies.count()) == ("neu@example.org", 2)
    new = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    people.client.post(f"/admin/auth/user/{user.pk}/password/", new)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_one_form_makes_a_salons_log_in(people: People) -> None:
    operator = bound(operator=True, permissions=Permission.objects.all())
    people.client.force_login(operator)
    page = people.client.get("/admin/auth/user/add/").content.decode()
    assert f'<option value="{Group.objects.get(name=MANAGER).pk}" selected>{MANAGER}</option>' in page

    form = {"username": "salon-kaethe", "email": "kaethe@example.org", "password1": PASSWORD, "password2": PASSWORD}
    form |= {"usable_password": "true", "groups": Group.objects.get(name=MANAGER).pk, "access-INITIAL_FORMS": "0"}
    form |= {"access-TOTAL_FORMS": "1", "access-0-companies": people.companies[0].pk}
    assert people.client.post("/admin/auth/user/add/", form).status_code == 302

    client = Client()
    assert client.login(username="salon-kaethe", password=PASSWORD)
    assert client.get("/admin/calls/call/").status_code == 200
    assert client.get("/admin/board/failures/").status_code == 403


def test_the_page_before_a_deletion_counts_what_goes_along(
    admin_client: Client, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User.objects.create_user("with-a-record", password="x", is_staff=True)
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.bulk_create(
        LogEntry(user=user, content_type=kind, object_id="1", object_repr="noted", action_flag=2) for _ in range(40)
    )

    with django_assert_max_num_queries(15):
        page = admin_client.get(f"/admin/auth/user/{user.pk}/delete/")

    assert page.context["deleted_objects"] == ["with-a-record"]
    entries = str(LogEntry._meta.verbose_name_plural)
    assert str(dict(page.context["model_count"])[entries]) == "40"
    with monkeypatch.context() as patched:
        patched.setattr(user_admin, "counted", partial(counting.counted, most=30))
        page = admin_client.get(f"/admin/auth/user/{user.pk}/delete/")
    assert str(dict(page.context["model_count"])[entries]) == "30+" and "30+" in page.content.decode()
    admin_client.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=user.pk).exists() and not LogEntry.objects.filter(object_repr="noted").exists()
