"""The second factor: nothing opens without it, each code is good once, and a lost telephone is no dead end."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pyotp
import pytest
import time_machine
from django.conf import LazySettings
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client

from askpro.console.entrance import throttle
from askpro.console.entrance.gate import OPEN
from askpro.console.entrance.models import SecondFactor
from askpro.console.models import Access, Deed
from tests.console.test_scope import addresses, filled

PAGE = "/admin/second-factor/"
PASSWORD = "ein-langes-kennwort"


@pytest.fixture
def anna(db: None, settings: LazySettings) -> User:
    """An administrator in an installation that asks for it."""
    settings.REQUIRE_SECOND_FACTOR = True
    return User.objects.create_superuser("anna", password=PASSWORD)


@pytest.fixture
def bert(db: None) -> User:
    """Somebody who gives no rights to anybody."""
    found = User.objects.create_user("bert", password=PASSWORD, is_staff=True)
    found.user_permissions.add(Permission.objects.get(codename="view_call"))
    Access.objects.create(user=found, is_operator=True)
    return found


def logged_in(user: User) -> Client:
    client = Client()
    client.post("/admin/login/", {"username": user.get_username(), "password": PASSWORD})
    return client


def code(user: User) -> str:
    return pyotp.TOTP(SecondFactor.objects.get(user=user).secret).now()


def set_up(user: User) -> list[str]:
    """Has the person set it up; her recovery codes."""
    client = logged_in(user)
    client.post(PAGE)
    answer = client.post(PAGE, {"code": code(user)})
    return re.findall(r"<li>(\w{5}-\w{5})</li>", answer.content.decode())


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_who_can_give_rights_sets_it_up_before_anything_opens(anna: User) -> None:
    client = logged_in(anna)
    assert client.get("/admin/calls/call/?x=1").headers["Location"] == f"{PAGE}?next=/admin/calls/call/%3Fx%3D1"
    client.post(PAGE)
    shown = client.get(PAGE).content.decode()
    assert SecondFactor.objects.get().secret in shown and "data:image/svg+xml" in shown
    assert not is_in(client)

    answer = client.post(PAGE, {"code": code(anna)})

    assert len(re.findall(r"<li>(\w{5}-\w{5})</li>", answer.content.decode())) == 10
    assert is_in(client)
    assert Deed.objects.get().act == "second_factor"


def test_who_gives_no_rights_may_have_one_and_needs_none(anna: User, bert: User) -> None:
    assert is_in(logged_in(bert))

    set_up(bert)

    assert not is_in(logged_in(bert))


def test_the_password_alone_opens_no_page(anna: User) -> None:
    set_up(anna)
    client = logged_in(anna)
    routes = [route for route, name, _ in addresses() if name not in OPEN | {"login"}]
    closed = [filled(route, 1) for route in routes if "(?P<" not in route]
    assert len(closed) > 100

    led_to = {address: client.get(address).headers.get("Location", "").partition("?")[0] for address in closed}

    assert {address for address, place in led_to.items() if place != PAGE} == set()


def test_the_code_opens_the_page_that_was_asked_for(anna: User, clock: time_machine.Traveller) -> None:
    set_up(anna)
    clock.shift(timedelta(minutes=1))
    client = logged_in(anna)

    answer = client.post(f"{PAGE}?next=/admin/calls/call/", {"code": code(anna)})

    assert answer.headers["Location"] == "/admin/calls/call/"
    assert client.get("/admin/calls/call/").status_code == 200


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_it_leads_to_no_other_host(anna: User, clock: time_machine.Traveller, address: str) -> None:
    set_up(anna)
    clock.shift(timedelta(minutes=1))

    answer = logged_in(anna).post(f"{PAGE}?next={address}", {"code": code(anna)})

    assert answer.headers["Location"] == "/admin/"


def test_a_code_is_good_once(anna: User, clock: time_machine.Traveller) -> None:
    set_up(anna)
    clock.shift(timedelta(minutes=1))
    now = code(anna)
    first, second = logged_in(anna), logged_in(anna)
    first.post(PAGE, {"code": now})
    second.post(PAGE, {"code": now})

    assert is_in(first)
    assert not is_in(second)


@pytest.mark.parametrize(("seconds", "is_good"), [(-90, False), (-30, True), (0, True), (30, True), (90, False)])
def test_clocks_may_differ_by_half_a_minute(
    anna: User, clock: time_machine.Traveller, seconds: int, is_good: bool
) -> None:
    set_up(anna)
    clock.shift(timedelta(minutes=10))
    shown = pyotp.TOTP(SecondFactor.objects.get().secret).at(datetime.now(UTC) + timedelta(seconds=seconds))
    client = logged_in(anna)
    client.post(PAGE, {"code": shown})

    assert is_in(client) is is_good


def test_a_recovery_code_is_good_once_however_it_is_typed(anna: User) -> None:
    recovery = set_up(anna)
    first, second = logged_in(anna), logged_in(anna)
    first.post(PAGE, {"code": f" {recovery[0].replace('-', ' ').upper()} "})
    second.post(PAGE, {"code": recovery[0]})

    assert is_in(first)
    assert not is_in(second)
    assert len(SecondFactor.objects.get().recovery) == 9
    assert recovery[1] not in str(SecondFactor.objects.values())


def test_guessing_codes_ends(anna: User, clock: time_machine.Traveller) -> None:
    set_up(anna)
    clock.shift(timedelta(minutes=20))
    client = logged_in(anna)
    for _ in range(throttle.OF_A_PAIR):
        assert client.post(PAGE, {"code": "000000"}).status_code == 200

    refused = client.post(PAGE, {"code": code(anna)})

    assert refused.status_code == 429
    assert not is_in(client)


def test_a_session_of_before_the_set_up_has_to_give_it_too(anna: User, bert: User) -> None:
    earlier = logged_in(bert)
    assert is_in(earlier)

    set_up(bert)

    assert not is_in(earlier)


def test_new_recovery_codes_replace_the_old_ones(anna: User) -> None:
    old = set_up(anna)
    client = logged_in(anna)
    client.post(PAGE, {"code": old[0]})
    answer = client.post(PAGE, {"code": old[1], "wish": "codes"})
    new = re.findall(r"<li>(\w{5}-\w{5})</li>", answer.content.decode())
    with_old, with_new = logged_in(anna), logged_in(anna)
    with_old.post(PAGE, {"code": old[2]})
    with_new.post(PAGE, {"code": new[0]})

    assert not is_in(with_old)
    assert is_in(with_new)


def test_only_who_needs_none_can_do_without(anna: User, bert: User) -> None:
    for user in (anna, bert):
        recovery = set_up(user)
        client = logged_in(user)
        client.post(PAGE, {"code": recovery[0]})
        client.post(PAGE, {"code": recovery[1], "wish": "without"})

    assert [factor.user for factor in SecondFactor.objects.all()] == [anna]
    assert is_in(logged_in(bert))


def test_who_manages_log_ins_takes_a_lost_one_away_with_a_reason(anna: User, bert: User) -> None:
    set_up(bert)
    recovery = set_up(anna)
    client = logged_in(anna)
    client.post(PAGE, {"code": recovery[0]})
    act = f"/admin/auth/user/{bert.pk}/remove_second_factor/"
    client.post(act, {"confirmed": "yes", "note": ""})
    assert SecondFactor.objects.filter(user=bert).exists()

    client.post(act, {"confirmed": "yes", "note": "called back on his own number"})

    assert is_in(logged_in(bert))
    assert Deed.objects.filter(act="remove_second_factor", reason="called back on his own number").exists()


def test_nobody_takes_it_away_from_somebody_with_more_rights(anna: User, bert: User) -> None:
    set_up(anna)
    bert.user_permissions.add(*Permission.objects.filter(codename__in=("view_user", "change_user")))
    recovery = set_up(bert)
    client = logged_in(bert)
    client.post(PAGE, {"code": recovery[0]})

    client.post(f"/admin/auth/user/{anna.pk}/remove_second_factor/", {"confirmed": "yes", "note": "please"})

    assert SecondFactor.objects.filter(user=anna).exists()


def test_a_command_takes_it_away_when_nobody_can_log_in(anna: User) -> None:
    set_up(anna)
    out = StringIO()

    call_command("remove_second_factor", "anna", stdout=out)

    assert out.getvalue() == "anna has no second factor any more.\n"
    with pytest.raises(CommandError, match="no log-in anna with a second factor"):
        call_command("remove_second_factor", "anna")
