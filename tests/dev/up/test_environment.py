import os
from pathlib import Path

import pytest

from askpro.dev.up.environment import VENDORS, adopt, of_tests, of_up, publish
from askpro.dev.up.home import Home
from tests.dev.up.conftest import ROOT


def test_it_keeps_a_persons_real_keys_away_from_the_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETELL_API_KEYS", "key_of_a_real_account")
    monkeypatch.setenv("SOMETHING_ELSE", "stays")

    env = of_tests(Home(tmp_path))

    assert not set(VENDORS) & set(env)
    assert env["SOMETHING_ELSE"] == "stays"
    assert env["ASKPRO_ENV"] == "testing"


def test_it_knows_every_vendors_setting() -> None:
    settings = (ROOT / "askpro" / "settings.py").read_text(encoding="utf-8")
    prefixes = ("RETELL_", "CALCOM_", "TWILIO_")
    read = {word for word in settings.replace('"', " ").split() if word.startswith(prefixes) and word.isupper()}

    assert read <= set(VENDORS)


def test_it_points_every_vendor_at_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETELL_API_KEYS", "key_of_a_real_account")

    env = of_up(Home(tmp_path), 8000, 21_001, 21_002)

    for vendor in ("RETELL", "CALCOM", "TWILIO"):
        assert env[f"{vendor}_BASE_URL"].startswith("http://127.0.0.1:21001")
    assert env["EMAIL_URL"] == "smtp://127.0.0.1:21002"
    assert env["RETELL_API_KEYS"] != "key_of_a_real_account"
    assert env == of_up(Home(tmp_path), 8000, 21_001, 21_002)


def test_it_lends_what_up_runs_to_other_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "ASKPRO_ENV_FILE", "ASKPRO_TEST_LENT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASKPRO_HOME", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", "my own")
    publish(Home(tmp_path), {"ASKPRO_TEST_LENT": "yes", "SECRET_KEY": "published"})

    adopt(tmp_path)

    import os

    assert os.environ["ASKPRO_TEST_LENT"] == "yes"
    assert os.environ["SECRET_KEY"] == "my own"
    monkeypatch.delenv("ASKPRO_TEST_LENT")


def test_it_lends_nothing_when_the_caller_names_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/askpro")
    monkeypatch.setenv("ASKPRO_HOME", str(tmp_path))
    publish(Home(tmp_path), {"ASKPRO_TEST_LENT": "yes"})

    adopt(tmp_path)

    assert "ASKPRO_TEST_LENT" not in os.environ
