"""Conditions register themselves, and their thresholds can be set."""

import pytest
from django.test import override_settings

from askpro.watch import checks
from askpro.watch.conditions import registry
from askpro.watch.conditions.base import Finding, Severity, Source


@pytest.fixture(autouse=True)
def _registered_for_the_test_only(monkeypatch) -> None:
    monkeypatch.setattr(registry, "_conditions", dict(registry._conditions))


def register(code: str = "example", **more):
    values = {"title": "", "severity": Severity.WARNING, "needs": {Source.DISK}, "cause": "", "todo": ""}
    return registry.condition(code=code, **values | more)(lambda now: ())


def test_a_condition_is_found_by_its_code() -> None:
    find = register(every=7)
    found = registry.by_code("example")
    assert found and (found.find, found.every, found.needs) == (find, 7, {Source.DISK})
    assert found in registry.every_condition()
    assert registry.by_code("of_another_release") is None


def test_two_with_one_code_are_refused_at_the_import() -> None:
    register()
    with pytest.raises(ValueError, match="two conditions 'example'"):
        register()


def test_a_critical_one_does_not_wait_for_the_morning() -> None:
    with pytest.raises(ValueError, match="cannot be quiet"):
        register(severity=Severity.CRITICAL, quiet=True)


def test_the_installation_may_set_a_threshold() -> None:
    register(thresholds={"most": 5})
    assert registry.threshold("example.most") == 5.0
    with override_settings(WATCH_THRESHOLDS={"example.most": 9}):
        assert registry.threshold("example.most") == 9.0


def test_a_threshold_that_does_not_exist_is_an_error_with_the_nearest_name() -> None:
    register(thresholds={"most": 5})
    with override_settings(WATCH_THRESHOLDS={"example.mots": 9}):
        (error,) = checks.check_thresholds()
    assert (error.id, error.hint) == ("watch.E001", "Did you mean example.most?")


@pytest.mark.parametrize("value", ["9", True, None, [1]])
def test_a_threshold_is_a_number(value) -> None:
    register(thresholds={"most": 5})
    with override_settings(WATCH_THRESHOLDS={"example.most": value}):
        assert [error.id for error in checks.check_thresholds()] == ["watch.E002"]


def test_what_a_finding_is_about_fits_its_column() -> None:
    assert len(Finding("x" * 200, 1, 1).about) == 100
