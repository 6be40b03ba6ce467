"""`DATA_KEYS`: what is no key is told before anything is stored, and no key is ever quoted."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from askpro import checks
from askpro.encryption import keys, sealing
from tests.encryption.keys import NEW, OLD

NO_KEYS = ["", "abc", "zz" * 32, OLD[:-1], OLD + "1", " " + OLD, OLD[:62] + " 1"]


def found(settings: Any, *written: str) -> list[str]:
    settings.ENVIRONMENT, settings.DATA_KEYS = "production", [*written]
    return [str(message.id) for message in checks.check_data_keys()]


def test_a_key_is_no_error(settings: Any) -> None:
    assert found(settings, OLD) == [] and found(settings, NEW, OLD) == []


def test_none_is_an_error(settings: Any) -> None:
    assert found(settings) == ["askpro.E008"]


@pytest.mark.parametrize("written", NO_KEYS)
def test_what_is_no_key_is_an_error_that_does_not_quote_it(settings: Any, written: str) -> None:
    assert found(settings, OLD, written) == ["askpro.E008"]
    said = "".join(f"{message.msg}{message.hint}" for message in checks.check_data_keys())
    assert "Key 2" in said and (not written.strip() or written not in said)
    with pytest.raises(ImproperlyConfigured, match="64 hex digits"):
        sealing.seal(b"x")


def test_the_same_key_twice_is_an_error(settings: Any) -> None:
    assert found(settings, "ab" * 32, "AB" * 32) == ["askpro.E008"]


def test_a_key_that_everybody_can_read_is_an_error(settings: Any) -> None:
    assert found(settings, OLD, settings.PUBLIC_DATA_KEY) == ["askpro.E009"]


@pytest.mark.parametrize("place", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_key_that_has_another_use_is_an_error(settings: Any, place: str) -> None:
    setattr(settings, place, OLD if place == "SECRET_KEY" else [OLD])
    assert found(settings, OLD) == ["askpro.E010"]


@pytest.mark.parametrize("environment", ["local", "testing"])
def test_where_nothing_is_to_be_protected_the_public_one_will_do(settings: Any, environment: str) -> None:
    settings.ENVIRONMENT, settings.DATA_KEYS = environment, [settings.PUBLIC_DATA_KEY]
    assert checks.check_data_keys() == []


def test_keys_are_never_shown() -> None:
    assert OLD not in repr(keys.Key.of(OLD)) and "cipher" not in repr(keys.Key.of(OLD))


@pytest.mark.parametrize("plain", [b"", b"x", b"x" * 128, bytes(range(256)) * 9])
def test_what_is_sealed_is_opened_again(settings: Any, plain: bytes) -> None:
    settings.DATA_KEYS = [OLD]
    assert sealing.unseal(sealing.seal(plain)) == plain


def test_every_byte_is_protected_the_header_as_well(settings: Any) -> None:
    settings.DATA_KEYS = [OLD]
    whole = sealing.seal(b"User: Guten Tag.")
    for place in range(len(sealing.VERSION), len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(keys.Unreadable):
            sealing.unseal(changed)
