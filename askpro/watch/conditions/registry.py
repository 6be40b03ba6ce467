"""All conditions by their codes, and their thresholds."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping

from django.conf import settings

from askpro.language.text import Text
from askpro.watch import conditions
from askpro.watch.conditions.base import CLEARS, EVERY, LASTS, Condition, Finder, Severity, Source

_conditions: dict[str, Condition] = {}


def condition(
    *,
    code: str,
    title: Text,
    severity: Severity,
    needs: Iterable[Source],
    cause: Text,
    todo: Text,
    link: str = "/",
    every: float = EVERY,
    lasts: float = LASTS,
    clears: float = CLEARS,
    quiet: bool = False,
    thresholds: Mapping[str, float] | None = None,
    says: Iterable[Text] = (),
    local: bool = False,
    patience: float = 5.0,
) -> Callable[[Finder], Finder]:
    """Register what finds it: a function that takes the time and gives findings.

    Raises `ValueError` for a code that is taken and for a critical condition that would wait for the morning.
    """

    def register(find: Finder) -> Finder:
        if code in _conditions:
            raise ValueError(f"There are two conditions {code!r}.")
        if quiet and severity == Severity.CRITICAL:
            raise ValueError(f"{code!r} is critical and cannot be quiet.")
        _conditions[code] = Condition(
            code=code,
            title=title,
            severity=severity,
            needs=frozenset(needs),
            every=every,
            lasts=lasts,
            clears=clears,
            quiet=quiet,
            cause=cause,
            todo=todo,
            link=link,
            find=find,
            thresholds=thresholds or {},
            says=tuple(says),
            local=local,
            patience=patience,
        )
        return find

    return register


def threshold(name: str) -> float:
    """The value of `code.name`: WATCH_THRESHOLDS says it, or the condition itself. Raises `KeyError`."""
    code, _, short = name.partition(".")
    default = _conditions[code].thresholds[short]
    return float(settings.WATCH_THRESHOLDS.get(name, default))


def every_condition() -> list[Condition]:
    return sorted(_conditions.values(), key=lambda each: each.code)


def by_code(code: str) -> Condition | None:
    """None for one that only an earlier or later release knows."""
    return _conditions.get(code)


def threshold_names() -> set[str]:
    return {f"{each.code}.{name}" for each in _conditions.values() for name in each.thresholds}


def load() -> None:
    """Import every file of this folder, so that its conditions are registered."""
    for module in pkgutil.iter_modules(conditions.__path__):
        importlib.import_module(f"{conditions.__name__}.{module.name}")
