"""What people read: what is wrong, since when, how bad it is, the likely cause, what to do, and where to look."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from askpro.watch.channels import names
from askpro.watch.conditions.base import Condition, Severity
from askpro.watch.conditions.registry import by_code
from askpro.watch.models import Delivery, Incident, Notice

Kind = Notice.Kind
RUNBOOK: Final = "deploy/runbook.md"
# The longest SMS that is not split, and the most of a group's findings that a mail lists.
SMS: Final = 160
MOST: Final = 20
_HEADS: Final = {
    Kind.BEGAN: "",
    Kind.GREW: "worse: ",
    Kind.LASTS: "still: ",
    Kind.ESCALATED: "nobody is at it: ",
    Kind.OVER: "over: ",
}


def notice(kind: Kind, incidents: list[Incident], now: datetime) -> Notice:
    """One message about these, which are of one condition, or what the night has brought."""
    severity = Severity.CRITICAL if any(each.severity == Severity.CRITICAL for each in incidents) else Severity.WARNING
    headline = _headline(kind, incidents)
    label = "" if kind == Kind.OVER else f"{severity.upper()} "
    return Notice(
        kind=kind,
        severity=severity,
        thread=incidents[0].pk if len(incidents) == 1 else None,
        subject=f"{label}{headline}"[:200],
        text="\n\n".join([_paragraph(each, now) for each in incidents[:MOST]] + _rest(incidents)),
        short=_short(f"AskPro {label}{headline}", incidents[0]),
        created_at=now,
    )


def title(incident: Incident) -> str:
    """What is wrong, in a few words."""
    condition = by_code(incident.code)
    return _filled(condition.title, incident) if condition else incident.code


def advice(incident: Incident) -> tuple[str, str]:
    """The likely cause, and what to do."""
    condition = by_code(incident.code)
    return (_filled(condition.cause, incident), _filled(condition.todo, incident)) if condition else ("", "")


def test_notice(now: datetime) -> Notice:
    text = f"Sent by manage.py alerts_test. If you read this, alerts reach you here.\n\n{settings.CONSOLE_URL}"
    return Notice(
        kind=Kind.TEST,
        severity=Severity.CRITICAL,
        subject="Test of the alerts",
        text=text,
        short="AskPro: test of the alerts. Nothing is wrong.",
        created_at=now,
    )


def deliveries(notice: Notice, now: datetime) -> list[Delivery]:
    """One for each channel that is told of such a notice, and for each recipient of those without lists."""
    return [
        Delivery(notice=notice, channel=channel, place=place, next_at=now)
        for channel, place in names.wanted(Kind(notice.kind), Severity(notice.severity))
    ]


def _headline(kind: Kind, incidents: list[Incident]) -> str:
    if kind == Kind.MORNING:
        return f"{len(incidents)} since last night: {', '.join(sorted({title(each) for each in incidents}))}"
    abouts = ", ".join(each.about for each in incidents[:3])
    more = f" and {len(incidents) - 3} more" if len(incidents) > 3 else ""
    return f"{_HEADS[kind]}{title(incidents[0])} ({abouts}{more})"


def _paragraph(incident: Incident, now: datetime) -> str:
    condition = by_code(incident.code)
    lines = {
        "What": f"{title(incident)} ({incident.about})",
        "Since": f"{_clock(incident.began_at)} ({_duration(now - incident.began_at)})",
    }
    if incident.status == Incident.Status.OVER:
        over = incident.over_at or now
        lines["Since"] = _clock(incident.began_at)
        lines["Over"] = f"{_clock(over)} (after {_duration(over - incident.began_at)})"
        lines["At worst"] = _measured(incident.worst, incident.threshold)
    else:
        lines["How bad"] = _measured(incident.value, incident.threshold)
        lines["Cause"], lines["To do"] = advice(incident)
    lines["Look"] = _link(condition, incident)
    lines["Runbook"] = f"{RUNBOOK}#{incident.code}"
    return "\n".join(f"{name + ':':9} {text}" for name, text in lines.items() if text)


def _measured(value: float, threshold: float) -> str:
    """Empty for what is or is not, without a measure."""
    return "" if value == threshold == 1 else f"{value:g} (limit {threshold:g})"


def _link(condition: Condition | None, incident: Incident) -> str:
    path = _filled(condition.link, incident) if condition else "/"
    return path if path.startswith("https://") else f"{settings.CONSOLE_URL}{path}"


def _short(text: str, incident: Incident) -> str:
    """Within one SMS, with the console's address if there is room for it."""
    with_time = f"{text}, since {timezone.localtime(incident.began_at):%H:%M}"
    with_link = f"{with_time}. {settings.CONSOLE_URL}"
    return next((each for each in (with_link, with_time) if len(each) <= SMS), f"{text[: SMS - 1]}…")


def _rest(incidents: list[Incident]) -> list[str]:
    return [f"And {len(incidents) - MOST} more."] if len(incidents) > MOST else []


class _Missing:
    def __format__(self, spec: str) -> str:
        return "?"


class _Words(dict[str, Any]):
    def __missing__(self, name: str) -> _Missing:
        return _Missing()


def _filled(words: str, incident: Incident) -> str:
    """Whatever a finding's facts lack, its message must be sent."""
    own = {"about": incident.about, "value": f"{incident.value:g}", "threshold": f"{incident.threshold:g}"}
    try:
        return words.format_map(_Words({**incident.facts, **own}))
    except (ValueError, TypeError, LookupError, AttributeError):
        return words


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d.%m.%Y %H:%M:%S %Z}"


def _duration(passed: timedelta) -> str:
    seconds = max(int(passed.total_seconds()), 0)
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
