"""What a condition finds at a moment, for tests."""

from datetime import UTC, datetime

from askpro.watch.conditions.base import Finding
from askpro.watch.conditions.registry import by_code

NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


def found(code: str, now: datetime = NOW) -> dict[str, Finding]:
    """By what it is about. Its words must have every fact that they name."""
    condition = by_code(code)
    assert condition is not None
    findings = list(condition.find(now))
    own = {"value": "", "threshold": ""}
    for finding in findings:
        for words in (condition.title, condition.cause, condition.todo, condition.link):
            words.format_map({**finding.facts, **own, "about": finding.about})
    abouts = [finding.about for finding in findings]
    assert len(abouts) == len(set(abouts)), abouts
    return {finding.about: finding for finding in findings}
