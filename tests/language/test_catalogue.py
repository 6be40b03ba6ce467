"""The catalogue is compiled without gettext's tools, and `manage.py check` fails with a missing or old one."""

from pathlib import Path

import pytest
from django.core.management import call_command

from askpro.language import catalogue
from askpro.language.checks import check_catalogue


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of its own, not compiled yet."""
    source = tmp_path / "django.po"
    source.write_bytes(catalogue.SOURCE.read_bytes())
    for name, value in (("SOURCE", source), ("COMPILED", source.with_suffix(".mo")), ("ROOT", tmp_path)):
        monkeypatch.setattr(catalogue, name, value)
    return source


def test_a_missing_or_stale_catalogue_is_an_error_with_its_fix(copy: Path) -> None:
    [missing] = check_catalogue()
    assert (missing.id, "is missing" in missing.msg) == ("language.E001", True)
    assert missing.hint == "Run: python manage.py compilemessages"
    call_command("compilemessages", verbosity=0)
    assert check_catalogue() == []
    copy.write_text(copy.read_text().replace("Inzwischen gebucht.", "Unterdessen gebucht."))
    [stale] = check_catalogue()
    assert "is older than its source" in stale.msg
    catalogue.refresh()
    assert check_catalogue() == []
    assert b"Unterdessen gebucht." in copy.with_suffix(".mo").read_bytes()


def test_what_is_no_catalogue_is_stale(copy: Path) -> None:
    for content in (b"", b"not a catalogue", catalogue.SOURCE.read_bytes()):
        copy.with_suffix(".mo").write_bytes(content)
        assert not catalogue.is_current()
