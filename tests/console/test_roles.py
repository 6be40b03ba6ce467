"""The groups of every installation: made once, and given what is new only while people have not changed them."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from askpro.console import roles
from askpro.console.models import ShippedGroup
from askpro.console.permissions import LABELS, WITHIN_COMPANIES, May
from askpro.console.roles import ADMINISTRATOR, COMPANY_MAY, MANAGER, OPERATOR, SALON, SHIPPED, SUPPORT, VIEWER
from askpro.console.scope import Scope
from calls.models import Company
from tests.console.tenants import bound

ENGINE = {May.RETRY, May.REPLAY, May.BULK, May.PAUSE, May.EDIT, May.DISCARD}
GIVEN = {
    VIEWER: set(),
    SUPPORT: {May.SEE_PEOPLE, May.RETRY},
    OPERATOR: {*ENGINE, May.REVEAL, May.EXPORT},
    MANAGER: {May.SEE_PEOPLE, May.EXPORT},
    ADMINISTRATOR: set(May),
}


def names_of(group: Group) -> set[str]:
    return set(roles.names(group.permissions.select_related("content_type")))


def migrate() -> None:
    call_command("migrate", verbosity=0)


def former(name: str, permissions: Any) -> Group:
    """A group as a release before made it, in an installation that has just been updated."""
    Group.objects.filter(name__in=[*SHIPPED, SALON]).delete()
    group = Group.objects.create(name=name)
    group.permissions.set(permissions)
    return group


def as_salons_were_made() -> Any:
    return Permission.objects.filter(roles._of_models(COMPANY_MAY))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_migrated_installation_has_each_group_with_its_acts(db: None, name: str) -> None:
    group = Group.objects.get(name=name)

    assert {may for may in May if may in names_of(group)} == GIVEN[name]
    assert ShippedGroup.objects.get(group=group).given == sorted(names_of(group))


def test_every_act_has_a_label_and_its_permission(db: None) -> None:
    made = Permission.objects.filter(content_type__app_label="console", content_type__model="access")

    assert set(LABELS) == set(May)
    assert {may.codename for may in May} <= set(made.values_list("codename", flat=True))


def test_a_viewer_changes_nothing(db: None) -> None:
    assert {name.split(".")[1].split("_")[0] for name in names_of(Group.objects.get(name=VIEWER))} == {"view"}


def test_only_administrators_give_rights_and_erase(db: None) -> None:
    for name in set(SHIPPED) - {ADMINISTRATOR}:
        assert not {n for n in names_of(Group.objects.get(name=name)) if n.split(".")[0] in ("auth", "privacy", "api")}


def test_within_companies_only_what_is_about_people_is_left(db: None) -> None:
    person = bound(Company.objects.create(name="Salon", slug="salon"))

    assert {may for may in May if may in Scope.of(person).permissions(set(May))} == WITHIN_COMPANIES


class TestUpdates:
    def test_a_group_that_is_as_it_was_shipped_gets_what_is_new(self, db: None) -> None:
        group, new = Group.objects.get(name=MANAGER), Permission.objects.get(codename="view_notification")
        group.permissions.remove(new)
        ShippedGroup.objects.filter(group=group).update(given=sorted(names_of(group)))
        migrate()

        assert new in group.permissions.all()

    @pytest.mark.parametrize("name", SHIPPED)
    def test_what_people_made_of_a_group_is_kept(self, db: None, name: str) -> None:
        Group.objects.get(name=name).permissions.set(Permission.objects.filter(codename="view_call"))
        migrate()

        assert names_of(Group.objects.get(name=name)) == {"calls.view_call"}

    def test_nothing_that_people_added_is_taken(self, db: None) -> None:
        group = Group.objects.get(name=VIEWER)
        group.permissions.add(Permission.objects.get(codename="change_customer"))
        before = names_of(group)
        migrate()

        assert names_of(group) == before

    def test_a_former_salon_reads_names_as_before(self, db: None) -> None:
        salon = former(SALON, as_salons_were_made())
        migrate()

        assert names_of(salon) == names_of(Group.objects.get(name=MANAGER))

    def test_a_former_operator_may_do_all_as_before(self, db: None) -> None:
        everything = Permission.objects.filter(content_type__app_label__in=roles.FORMERLY_OPERATORS)
        operator = former(OPERATOR, everything)
        migrate()

        assert names_of(operator) >= names_of(Group.objects.get(name=ADMINISTRATOR))

    @pytest.mark.parametrize("name", [SALON, OPERATOR])
    def test_a_former_group_that_people_changed_is_left_alone(self, db: None, name: str) -> None:
        group = former(name, as_salons_were_made().exclude(codename="change_customer"))
        before = names_of(group)
        migrate()
        migrate()

        assert names_of(group) == before

    def test_no_salon_is_made_where_there_was_none(self, db: None) -> None:
        migrate()

        assert not Group.objects.filter(name=SALON).exists()
