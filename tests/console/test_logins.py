"""A manager gives log-ins to people of her companies: with the roles that an operator lets her give, and no right that
reaches beyond the companies.

Every giver × every log-in × every page, read and sent, with every role and company in the form.
"""

import os
from itertools import product
from typing import Any, Final

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from askpro.console.models import Access, Deed
from askpro.console.roles import ADMINISTRATOR, MANAGER, OPERATOR, SHIPPED, SUPPORT, VIEWER, names
from askpro.console.scope import Scope
from calls.models import Company
from tests.console.tenants import bound

LIST: Final = "/admin/board/logins/"
ADD: Final = f"{LIST}add/"
WHOLE: Final = os.environ.get("ASKPRO_TEST_LONG") == "1"
PASSWORD: Final = "ein-langes-neues-kennwort"
RECEPTION: Final = "Reception"
# What a manager gets from an operator to give; who has none of it gives nothing.
GIVES: Final = {"all roles": [*SHIPPED, RECEPTION], "managers": [MANAGER], "reception": [RECEPTION], "nothing": []}


class Town:
    """Two salons of one owner and one of another, with somebody of each kind."""

    def __init__(self) -> None:
        self.mitte, self.nord, self.theirs = (
            Company.objects.create(name=name, slug=name.lower()) for name in ("Mitte", "Nord", "Fremde")
        )
        reception = Group.objects.create(name=RECEPTION)
        reception.permissions.set(Permission.objects.filter(codename__in=("view_call", "view_appointment")))
        self.groups = {group.name: group for group in Group.objects.all()}
        ours = (self.mitte, self.nord)
        self.givers = {
            **{f"manager, {gives}": self.person(MANAGER, *ours, gives=gives) for gives in GIVES},
            "reception": self.person(RECEPTION, *ours, gives="all roles"),
            "viewer": self.person(VIEWER, *ours, gives="all roles"),
            "bound to nothing": self.person(MANAGER, gives="all roles"),
            "operator": self.person(OPERATOR, operator=True, gives="all roles"),
        }
        more = self.person(RECEPTION, self.mitte)
        more.user_permissions.add(Permission.objects.get(codename="delete_customer"))
        self.within = {
            "reception": self.person(RECEPTION, self.mitte),
            "manager": self.person(MANAGER, *ours),
            "left": self.person(RECEPTION, self.nord, is_active=False),
        }
        self.beyond = {
            "support": self.person(SUPPORT, self.mitte),
            "with a permission more": more,
            "who gives more": self.person(RECEPTION, self.mitte, gives="all roles"),
            "of two owners": self.person(RECEPTION, self.mitte, self.theirs),
            "of the other owner": self.person(RECEPTION, self.theirs),
            "operator": self.person(RECEPTION, self.mitte, operator=True),
            "superuser": User.objects.create_superuser("root"),
            "of no company": self.person(RECEPTION),
        }

    def person(
        self, role: str, *companies: Company, gives: str = "nothing", operator: bool = False, is_active: bool = True
    ) -> User:
        user = bound(*companies, operator=operator, permissions=[])
        user.groups.add(Group.objects.get(name=role))
        Access.objects.get(user=user).gives.set(Group.objects.filter(name__in=GIVES[gives]))
        User.objects.filter(pk=user.pk).update(is_active=is_active)
        return User.objects.get(pk=user.pk)


@pytest.fixture
def town(db: None, settings: Any) -> Town:
    # The real hashers are slow on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return Town()


def as_(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def form(role: Group, company: Company, **more: str) -> dict[str, Any]:
    """With fields of other forms that might do more than this one shows."""
    hostile = {"is_superuser": "on", "is_staff": "on", "user_permissions": "1", "gives": "1", "is_operator": "on"}
    known = {"first_name": "Ute", "email": "ute@example.org", "is_active": "on"}
    return {**hostile, **known, "roles": role.pk, "companies": company.pk, **more}


def rows() -> list[Any]:
    """All about log-ins."""
    through = (User.groups, User.user_permissions, Group.permissions, Access.companies, Access.gives)
    models: list[Any] = [User, Group, Access, *(each.through for each in through)]  # type: ignore[attr-defined]
    hidden = {"last_login"}
    return [
        [{k: v for k, v in row.items() if k not in hidden} for row in model._default_manager.order_by("pk").values()]
        for model in models
    ]


def can(user: User) -> set[str]:
    """What a log-in may do, as the console asks for it."""
    return set(User.objects.get(pk=user.pk).get_all_permissions())


def within(group: Group) -> set[str]:
    """What of a group reaches somebody who is bound to companies."""
    given = names(group.permissions.select_related("content_type"))
    return Scope(frozenset({1})).permissions(set(given))


ALL: Final = {*SHIPPED, RECEPTION}
MAY: Final = {
    "manager, all roles": ALL,
    "manager, managers": {MANAGER},
    "manager, reception": {RECEPTION},
    # What they may give is not bound to what they may do.
    "reception": ALL,
    "viewer": ALL,
}
# Of the log-ins with more than a manager has, those that are open to whoever may give all that they have.
GIVABLE: Final = {"support", "with a permission more", "who gives more"}


class TestAdding:
    def test_only_what_was_allowed_is_given_for_own_companies(self, town: Town) -> None:
        """Each giver with each role and each company, sent as a form that no page has shown."""
        wrong = []
        for (name, giver), role, company in product(
            town.givers.items(), town.groups.values(), (town.mitte, town.theirs)
        ):
            if name not in MAY and company == town.theirs and not WHOLE:
                continue
            typed = f"new-{User.objects.count()}-{role.pk}-{company.pk}"
            said = form(role, company, username=typed, password1=PASSWORD, password2=PASSWORD)
            as_(giver).post(ADD, said)
            made = User.objects.filter(username=typed).first()
            if (made is not None) is not (role.name in MAY.get(name, ()) and company == town.mitte):
                wrong.append((name, role.name, company.name))
            if made is not None:
                made.delete()

        assert wrong == []

    def test_who_was_added_has_that_and_nothing_else(self, town: Town) -> None:
        said = form(town.groups[RECEPTION], town.mitte, username="ute", password1=PASSWORD, password2=PASSWORD)
        assert as_(town.givers["manager, all roles"]).post(ADD, said).status_code == 302

        ute = User.objects.get(username="ute")
        assert (ute.is_superuser, ute.is_staff, ute.user_permissions.count()) == (False, True, 0)
        assert [group.name for group in ute.groups.all()] == [RECEPTION]
        access = Access.objects.get(user=ute)
        assert (access.is_operator, [*access.companies.all()], access.gives.count()) == (False, [town.mitte], 0)
        client = Client()
        assert client.login(username="ute", password=PASSWORD)
        assert client.get("/admin/calls/call/").status_code == 200
        assert client.get("/admin/calls/customer/").status_code == 403

    @pytest.mark.parametrize(
        "wrong",
        [{"password2": "another"}, {"password1": "1234", "password2": "1234"}, {"roles": ""}, {"companies": ""}],
    )
    def test_what_makes_no_log_in_makes_none(self, town: Town, wrong: dict[str, str]) -> None:
        before = rows()
        said = form(town.groups[RECEPTION], town.mitte, username="ute", password1=PASSWORD, password2=PASSWORD)

        assert as_(town.givers["manager, all roles"]).post(ADD, said | wrong).status_code == 200
        assert rows() == before

    def test_it_is_on_record_for_the_company(self, town: Town) -> None:
        giver = town.givers["manager, reception"]
        said = form(town.groups[RECEPTION], town.mitte, username="ute", password1=PASSWORD, password2=PASSWORD)
        as_(giver).post(ADD, said)

        deed = Deed.objects.get(act="added", name="ute")
        assert (deed.user, deed.company) == (giver, town.mitte)
        assert deed.after == {"is_active": True, "roles": [RECEPTION], "companies": [town.mitte.pk]}
        assert PASSWORD not in str([Deed.objects.values_list(), LogEntry.objects.values_list("change_message")])


class TestChanging:
    @pytest.mark.parametrize("address", ["", "password/"])
    def test_nobody_with_more_than_can_be_given_is_changed(self, town: Town, address: str) -> None:
        before, wrong = rows(), []
        for (name, giver), (whom, person) in product(town.givers.items(), town.beyond.items()):
            if MAY.get(name) == ALL and whom in GIVABLE:
                continue
            client, page = as_(giver), f"{LIST}{person.pk}/{address}"
            said = form(town.groups[RECEPTION], town.mitte, new_password1=PASSWORD, new_password2=PASSWORD)
            if client.post(page, said).status_code not in (403, 404):
                wrong.append((name, whom))
            shown = client.get(page)
            if (
                shown.status_code == 200
                and f'name="{"new_password1" if address else "roles"}"' in shown.content.decode()
            ):
                wrong.append((name, whom, "shown"))

        assert wrong == []
        assert rows() == before

    def test_nobody_gets_more_than_the_giver_has_or_may_give(self, town: Town) -> None:
        for name, giver in town.givers.items():
            person, client = town.person(RECEPTION, town.mitte), as_(giver)
            before, had = rows(), can(person)
            limit = can(giver) | {each for group in MAY.get(name, ()) for each in within(town.groups[group])}
            for role, company in product(town.groups.values(), (town.nord, town.theirs)):
                client.post(f"{LIST}{person.pk}/", form(role, company))
                assert can(person) <= limit | had, (name, role.name)
                assert town.theirs not in Access.objects.get(user=person).companies.all()
            assert (rows() == before) is (name not in MAY), name

    def test_who_may_give_what_a_log_in_has_may_change_it(self, town: Town) -> None:
        client = as_(town.givers["manager, all roles"])
        for whom in GIVABLE:
            client.post(f"{LIST}{town.beyond[whom].pk}/", form(town.groups[VIEWER], town.mitte))
            assert [group.name for group in town.beyond[whom].groups.all()] == [VIEWER], whom

    @pytest.mark.parametrize("role", SHIPPED)
    def test_no_role_reaches_beyond_the_companies(self, town: Town, role: str) -> None:
        person = town.within["reception"]
        as_(town.givers["manager, all roles"]).post(f"{LIST}{person.pk}/", form(town.groups[role], town.mitte))

        client = as_(person)
        assert can(person) == within(town.groups[role])
        assert client.get("/admin/calls/call/").status_code == 200
        for page in ("queues/job", "queues/worker", "auth/user", "board/queues", "board/failures"):
            assert client.get(f"/admin/{page}/").status_code == 403, page

    def test_a_form_as_the_page_shows_it_changes_what_it_says(self, town: Town) -> None:
        """Shows that the refusals above are not refusals of any form."""
        client, person = as_(town.givers["manager, all roles"]), town.within["reception"]
        assert client.get(f"{LIST}{person.pk}/").context["form"].initial["companies"].get() == town.mitte

        client.post(f"{LIST}{person.pk}/", form(town.groups[MANAGER], town.nord))
        client.post(f"{LIST}{person.pk}/password/", {"new_password1": PASSWORD, "new_password2": PASSWORD})

        person = User.objects.get(pk=person.pk)
        assert [group.name for group in person.groups.all()] == [MANAGER]
        assert [*Access.objects.get(user=person).companies.all()] == [town.nord]
        assert person.check_password(PASSWORD)
        changed = Deed.objects.get(act="changed", object_id=str(person.pk))
        assert (changed.before["roles"], changed.after["roles"]) == ([RECEPTION], [MANAGER])
        assert Deed.objects.filter(act="password", object_id=str(person.pk)).exists()

    def test_who_has_left_is_switched_off(self, town: Town) -> None:
        person = town.within["reception"]
        theirs = as_(person)
        assert theirs.get("/admin/").status_code == 200
        said = {key: value for key, value in form(town.groups[RECEPTION], town.mitte).items() if key != "is_active"}
        as_(town.givers["manager, reception"]).post(f"{LIST}{person.pk}/", said)

        assert theirs.get("/admin/").status_code == 302

    def test_a_role_that_is_not_the_givers_to_give_stays(self, town: Town) -> None:
        manager = town.within["manager"]
        as_(town.givers["manager, reception"]).post(f"{LIST}{manager.pk}/", form(town.groups[RECEPTION], town.mitte))

        assert {group.name for group in manager.groups.all()} == {MANAGER, RECEPTION}

    def test_nobody_changes_himself(self, town: Town) -> None:
        giver, before = town.givers["manager, all roles"], rows()
        client = as_(giver)
        assert client.get(f"{LIST}{giver.pk}/").status_code == 200
        assert client.post(f"{LIST}{giver.pk}/", form(town.groups[RECEPTION], town.mitte)).status_code == 403
        assert rows() == before


class TestReading:
    def test_the_pages_are_for_those_who_may_give(self, town: Town) -> None:
        for name, giver in town.givers.items():
            client, status = as_(giver), 200 if name in MAY else 403
            assert (client.get(LIST).status_code, client.get(ADD).status_code) == (status, status), name
            assert (LIST in client.get("/admin/").content.decode()) is (name in MAY), name

    def test_the_list_has_the_companys_people_and_says_nothing_of_others(self, town: Town) -> None:
        client = as_(town.givers["manager, all roles"])
        page = client.get(LIST).content.decode()

        shown = {name for name, each in (town.within | town.beyond).items() if f">{each.username}<" in page}
        hidden = {"of the other owner", "operator", "superuser", "of no company"}
        assert shown == (town.within | town.beyond).keys() - hidden
        assert town.theirs.name not in page
        for name in hidden:
            assert client.get(f"{LIST}{town.beyond[name].pk}/").status_code == 404, name

    def test_it_asks_the_same_for_many_people(self, town: Town, django_assert_max_num_queries: Any) -> None:
        for _ in range(20):
            town.person(RECEPTION, town.mitte)
        client = as_(town.givers["manager, all roles"])
        client.get(LIST)
        with django_assert_max_num_queries(15):
            client.get(LIST)


class TestTheOperator:
    def test_nobody_lets_others_give_what_he_could_not(self, town: Town) -> None:
        """An operator who manages users, and is no administrator."""
        own = Permission.objects.filter(content_type__app_label="auth") | Permission.objects.filter(
            codename__in=("view_call", "view_appointment")
        )
        operator, person = bound(operator=True, permissions=own), town.within["reception"]
        access = Access.objects.get(user=person)
        known = {"username": person.username, "is_staff": "on", "is_active": "on", "groups": town.groups[RECEPTION].pk}
        inline = {"access-TOTAL_FORMS": "1", "access-INITIAL_FORMS": "1", "access-0-id": access.pk}
        inline |= {"access-0-user": person.pk, "access-0-companies": town.mitte.pk}
        page = f"/admin/auth/user/{person.pk}/change/"

        as_(operator).post(page, {**known, **inline, "access-0-gives": town.groups[ADMINISTRATOR].pk})
        assert access.gives.count() == 0
        as_(operator).post(page, {**known, **inline, "access-0-gives": town.groups[RECEPTION].pk})
        assert [group.name for group in access.gives.all()] == [RECEPTION]

    def test_who_may_give_more_is_not_his_to_take_over(self, town: Town) -> None:
        operator = bound(operator=True, permissions=Permission.objects.filter(content_type__app_label="auth"))
        new = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}

        answer = as_(operator).post(f"/admin/auth/user/{town.beyond['who gives more'].pk}/password/", new)
        assert answer.status_code == 403
