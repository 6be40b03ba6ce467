"""A text with its facts put in; an SMS with as many of them as fit."""

from collections.abc import Iterable, Iterator
from typing import Final

from notifications.gsm import gsm_segments, gsm_text
from notifications.markup import Name, Part
from notifications.models import Variable
from notifications.text.facts import Facts

# The important ones first. A part is as important as the most important variable in it.
IMPORTANCE: Final = (
    *(Variable.REASON, Variable.STREET, Variable.ADDRESS, Variable.LINK, Variable.STOP, Variable.STAFF),
    *(Variable.PHONE, Variable.BEFORE, Variable.BRANCH, Variable.SERVICE, Variable.CUSTOMER),
)
# What a link to the customer's own page may cost: it has all the rest.
MOST_SEGMENTS_FOR_LINK: Final = 2


def written(parts: Iterable[Part], facts: Facts) -> str:
    """The whole text, without the parts of which a fact is not known."""
    return _filled([part for part in parts if _is_known(part, facts)], facts, long={*facts})


def fitted(parts: Iterable[Part], facts: Facts) -> str:
    """The text as an SMS: what must be said, with the lesser facts that make it no longer, by their importance.

    So it stays one SMS where it can. What must be said is each part that is not optional, each fact that stays, and,
    if it all fits two SMS and no answer is asked for that does as well, the link.
    """
    known = [part for part in parts if _is_known(part, facts)]
    shown = [part for part in known if not part.is_optional or any(facts[name].stays for name in part.names)]
    with_link = [part for part in known if part in shown or Variable.LINK in part.names]
    asks = any(Variable.ANSWER in part.names for part in shown)
    if not asks and _segments(with_link, facts, set()) <= MOST_SEGMENTS_FOR_LINK:
        shown = with_link
    most, long = _segments(shown, facts, set()), set[str]()
    for step in _steps(known, facts):
        more = [part for part in known if part in shown or part is step]
        longer = long | {step} if isinstance(step, str) else long
        if _segments(more, facts, longer) <= most:
            shown, long = more, longer
    return gsm_text(_filled(shown, facts, long))


def _steps(known: list[Part], facts: Facts) -> Iterator[Part | str]:
    """What can be added: parts, and the long forms of facts after all parts but the reason, which is the news."""
    if facts.get(Variable.REASON):
        yield Variable.REASON.value
    yield from sorted((part for part in known if part.is_optional), key=_rank)
    yield from (name for name, fact in facts.items() if fact.short and name != Variable.REASON)


def _rank(part: Part) -> int:
    return min(IMPORTANCE.index(name) if name in IMPORTANCE else len(IMPORTANCE) for name in part.names)


def _is_known(part: Part, facts: Facts) -> bool:
    """Whether it can be shown: a part that is not optional always is."""
    return not part.is_optional or all(name in facts and facts[name].text for name in part.names)


def _segments(parts: list[Part], facts: Facts, long: set[str]) -> int:
    return gsm_segments(gsm_text(_filled(parts, facts, long)))


def _filled(parts: list[Part], facts: Facts, long: set[str]) -> str:
    return "".join(_value(piece, facts, long) for part in parts for piece in part.pieces)


def _value(piece: str, facts: Facts, long: set[str]) -> str:
    if not isinstance(piece, Name):
        return piece
    fact = facts[piece]
    return fact.text if piece in long or not fact.short else fact.short
