"""What `manage.py check` says of an installation."""

import pytest

from askpro import checks
from tests.test_settings import setting

PUBLIC = ("local", "testing")


def ids(messages) -> list[str]:
    return [message.id for message in messages]


@pytest.mark.parametrize("environment", ["production", "staging", "Local", "test", ""])
class TestOutsideOfLocalAndTesting:
    @pytest.fixture(autouse=True)
    def environment_of_the_check(self, settings, environment) -> None:
        settings.ENVIRONMENT = environment

    @pytest.mark.parametrize("key", ["", "   ", "\n"])
    def test_an_empty_key_is_an_error(self, settings, key) -> None:
        settings.SECRET_KEY = key
        assert ids(checks.check_secret_key()) == ["askpro.E001"]

    @pytest.mark.parametrize("key", ["# python -c …", "  # make one", "secret # of 2026", "x\t#\ty", "#"])
    def test_a_remark_is_an_error(self, settings, key) -> None:
        settings.SECRET_KEY = key
        assert ids(checks.check_secret_key()) == ["askpro.E002"]

    def test_the_key_that_everybody_can_read_is_an_error(self, settings) -> None:
        settings.SECRET_KEY = settings.PUBLIC_KEY
        assert ids(checks.check_secret_key()) == ["askpro.E002"]

    @pytest.mark.parametrize("key", ["a#b" * 20, "k" * 50])
    def test_a_key_is_no_error(self, settings, key) -> None:
        settings.SECRET_KEY = key
        assert checks.check_secret_key() == []


@pytest.mark.parametrize("environment", PUBLIC)
def test_where_nothing_is_to_be_protected_any_key_will_do(settings, environment) -> None:
    settings.ENVIRONMENT, settings.SECRET_KEY = environment, settings.PUBLIC_KEY
    assert checks.check_secret_key() == []


@pytest.mark.parametrize("environment", [*PUBLIC, "production", "staging"])
def test_only_those_have_a_key_without_one(environment) -> None:
    key = setting("SECRET_KEY", environment, SECRET_KEY="")
    assert bool(key) is (environment in PUBLIC)


@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        ([], ["askpro.E004"]),
        (["ops@askpro.example"], []),
        (["# who is told"], ["askpro.E005"]),
        (["ops@askpro.example", "nobody"], ["askpro.E005"]),
    ],
)
def test_somebody_is_to_be_told(settings, addresses, found) -> None:
    settings.OPS_EMAILS = addresses
    assert ids(checks.check_ops_emails()) == found


def test_each_vendor_without_a_key_is_named(settings) -> None:
    for name in checks.VENDORS:
        setattr(settings, name, "")
    assert [message.msg for message in checks.check_vendors()] == [f"{name} is empty." for name in checks.VENDORS]


@pytest.mark.parametrize("name", checks.BOUNDS)
@pytest.mark.parametrize(("value", "found"), [(0, ["askpro.E007"]), (-1, ["askpro.E007"]), (0.5, []), (20, [])])
def test_a_time_or_a_size_that_leaves_no_room_is_an_error(settings, name, value, found) -> None:
    setattr(settings, name, value)
    assert ids(checks.check_bounds()) == found
    assert all(name in message.msg for message in checks.check_bounds())
