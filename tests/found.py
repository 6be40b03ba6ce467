"""What a condition finds, with words that can be filled in."""

from datetime import datetime

from askpro.watch.conditions.base import ABOUT, Finding
from askpro.watch.conditions.registry import by_code


def found(code: str, now: datetime) -> dict[str, Finding]:
    """Its findings by what they are about."""
    condition = by_code(code)
    assert condition is not None
    findings = list(condition.find(now))
    assert len({each.about for each in findings}) == len(findings)
    for each in findings:
        told(code, each)
        assert 0 < len(each.about) <= ABOUT and (each.since is None or each.since <= now)
    return {each.about: each for each in findings}


def told(code: str, finding: Finding) -> str:
    """Cause, advice and link. Raises `KeyError` for a fact that is missing."""
    condition = by_code(code)
    assert condition is not None
    facts = {"about": finding.about, "value": finding.value, "threshold": finding.threshold, **finding.facts}
    return "\n".join(text.format(**facts) for text in (condition.cause, condition.todo, condition.link))
