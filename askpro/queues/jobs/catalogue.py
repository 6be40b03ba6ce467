"""Every actor in one table, read from the code. docs/jobs.md contains it, and a test checks that it is current."""

import re
from collections.abc import Iterable
from typing import Any

from dramatiq import get_broker

from askpro.queues.jobs.actor import LedgerActor
from askpro.queues.units import MIN, H, S

HEAD = (
    "| job | queue | tries | pauses between | time limit | deadline | atomic | lock | rows written | outside calls |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def table(modules: Iterable[str]) -> str:
    """The actors declared in these packages as a Markdown table, by queue and name.

    Rows written and outside calls come from the actor's docstring: its lines "Writes: …" and "Calls: …".
    """
    wanted = tuple(f"{module}." for module in modules)
    ours = (actor for actor in get_broker().actors.values() if isinstance(actor, LedgerActor))
    actors: list[Any] = [actor for actor in ours if actor.fn.__module__.startswith(wanted)]
    actors.sort(key=lambda actor: (actor.queue_name, actor.actor_name))
    return "\n".join([*HEAD, *(_row(actor) for actor in actors)]) + "\n"


def _row(actor: Any) -> str:
    retries = actor.word("max_retries")
    ladder = [duration(step) for step in actor.word("backoff")[:retries]]
    cells = [
        f"`{actor.actor_name}`",
        actor.queue_name,
        str(retries + 1),
        ", ".join(ladder) + (" …" if retries > len(ladder) else "") if ladder else "–",
        duration(actor.word("time_limit")),
        duration(actor.word("deadline")),
        "yes" if actor.word("atomic") else "no",
        f"`{actor.word('no_overlap')}`" if actor.word("no_overlap") else "–",
        said(actor, "Writes"),
        said(actor, "Calls"),
    ]
    return "| " + " | ".join(cells) + " |"


def duration(milliseconds: int | None) -> str:
    """The time in the largest unit that divides it: 90000 is "90 s"."""
    if not milliseconds:
        return "–"
    for unit, name in ((H, "h"), (MIN, "min"), (S, "s")):
        if milliseconds % unit == 0:
            return f"{milliseconds // unit} {name}"
    return f"{milliseconds} ms"


def said(actor: Any, word: str) -> str:
    """What the actor's docstring says after "Writes:" or "Calls:"; a dash when nothing."""
    match = re.search(rf"^\s*{word}: (.+?)\.?$", actor.fn.__doc__ or "", re.MULTILINE)
    return match[1] if match else "–"
