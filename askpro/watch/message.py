"""What people read: what is wrong, since when, how bad it is, the likely cause, what to do, and where to look."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro.language.text import Text
from askpro.language.written import Written
from askpro.watch.channels import names
from askpro.watch.conditions.base import Severity
from askpro.watch.conditions.registry import by_code
from askpro.watch.models import Delivery, Incident, Notice

Kind = Notice.Kind
RUNBOOK: Final = "deploy/runbook.md"
# The longest SMS that is not split, and the most of a group's findings that a mail lists.
SMS: Final = 160
MOST: Final = 20
# Of the names in front of a message's lines, at least.
_WIDTH: Final = 9
_HEADS: Final[dict[Kind, Text]] = {
    Kind.BEGAN: "%(headline)s",
    Kind.GREW: gettext_lazy("worse: %(headline)s"),
    Kind.LASTS: gettext_lazy("still: %(headline)s"),
    Kind.ESCALATED: gettext_lazy("not acknowledged: %(headline)s"),
    Kind.OVER: gettext_lazy("over: %(headline)s"),
}


def notice(kind: Kind, incidents: list[Incident], now: datetime) -> Notice:
    """One message about these, which are of one condition, or what the night has brought; in ALERT_LANGUAGE."""
    with translation.override(settings.ALERT_LANGUAGE):
        return _notice(kind, incidents, now)


def _notice(kind: Kind, incidents: list[Incident], now: datetime) -> Notice:
    severity = Severity.CRITICAL if any(each.severity == Severity.CRITICAL for each in incidents) else Severity.WARNING
    headline = _headline(kind, incidents)
    label = "" if kind == Kind.OVER else f"{str(severity.label).upper()} "
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


def link(incident: Incident) -> str:
    """Where to look: a path below the console's address, or a whole address."""
    condition = by_code(incident.code)
    return _filled(condition.link, incident) if condition else "/"


def test_notice(now: datetime) -> Notice:
    with translation.override(settings.ALERT_LANGUAGE):
        return _test_notice(now)


def _test_notice(now: datetime) -> Notice:
    lead = _("Sent by manage.py alerts_test. If you read this, alerts reach you here.")
    text = f"{lead}\n\n{settings.CONSOLE_URL}"
    return Notice(
        kind=Kind.TEST,
        severity=Severity.CRITICAL,
        subject=_("Test of the alerts"),
        text=text,
        short=_("AskPro: test of the alerts. Nothing is wrong."),
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
        titles = ", ".join(sorted({title(each) for each in incidents}))
        return _("%(count)s since last night: %(titles)s") % {"count": len(incidents), "titles": titles}
    abouts = ", ".join(each.about for each in incidents[:3])
    if len(incidents) > 3:
        abouts = _("%(these)s and %(count)s more") % {"these": abouts, "count": len(incidents) - 3}
    return str(_HEADS[kind]) % {"headline": f"{title(incidents[0])} ({abouts})"}


def _paragraph(incident: Incident, now: datetime) -> str:
    began = _clock(incident.began_at)
    lines = [(_("What"), f"{title(incident)} ({incident.about})")]
    if incident.status == Incident.Status.OVER:
        over = incident.over_at or now
        after = _("%(at)s (after %(length)s)") % {"at": _clock(over), "length": _duration(over - incident.began_at)}
        lines += [(_("Since"), began), (_("Over"), after)]
        lines.append((_("At worst"), _measured(incident.worst, incident.threshold)))
    else:
        lines.append((_("Since"), f"{began} ({_duration(now - incident.began_at)})"))
        lines.append((_("How bad"), _measured(incident.value, incident.threshold)))
        cause, todo = advice(incident)
        lines += [(_("Cause"), cause), (_("To do"), todo)]
    lines += [(_("Look"), _link(incident)), (_("Runbook"), f"{RUNBOOK}#{incident.code}")]
    width = max(_WIDTH, *(len(name) + 1 for name, _text in lines))
    return "\n".join(f"{name + ':':{width}} {text}" for name, text in lines if text)


def _measured(value: float, threshold: float) -> str:
    """Empty for what is or is not, without a measure."""
    return "" if value == threshold == 1 else _("%(value)g (limit %(limit)g)") % {"value": value, "limit": threshold}


def _link(incident: Incident) -> str:
    path = link(incident)
    return path if path.startswith("https://") else f"{settings.CONSOLE_URL}{path}"


def _short(text: str, incident: Incident) -> str:
    """Within one SMS, with the console's address if there is room for it."""
    clock = f"{timezone.localtime(incident.began_at):%H:%M}"
    with_time = _("%(text)s, since %(clock)s") % {"text": text, "clock": clock}
    with_link = f"{with_time}. {settings.CONSOLE_URL}"
    return next((each for each in (with_link, with_time) if len(each) <= SMS), f"{text[: SMS - 1]}…")


def _rest(incidents: list[Incident]) -> list[str]:
    return [_("And %(count)s more.") % {"count": len(incidents) - MOST}] if len(incidents) > MOST else []


class _Missing:
    def __format__(self, spec: str) -> str:
        return "?"


class _Words(dict[str, Any]):
    def __missing__(self, name: str) -> _Missing:
        return _Missing()


def _filled(words: Text, incident: Incident) -> str:
    """Whatever a finding's facts lack, its message must be sent."""
    words, told = str(words), _written(incident.code).told
    facts = {name: told(fact) if isinstance(fact, str) else fact for name, fact in incident.facts.items()}
    own = {"about": incident.about, "value": f"{incident.value:g}", "threshold": f"{incident.threshold:g}"}
    try:
        return words.format_map(_Words({**facts, **own}))
    except (ValueError, TypeError, LookupError, AttributeError):
        return words


@cache
def _written(code: str) -> Written:
    """The sentences that the facts of such an incident may be."""
    condition = by_code(code)
    with translation.override("en"):
        return Written(str(sentence) for sentence in (condition.says if condition else ()))


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d.%m.%Y %H:%M:%S %Z}"


def _duration(passed: timedelta) -> str:
    seconds = max(int(passed.total_seconds()), 0)
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
