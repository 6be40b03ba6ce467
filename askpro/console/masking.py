"""Whether a page shows names, numbers, addresses and words of customers, or only hints of them.

It is decided for each request of the console (`reveal.seen`), and holds until its answer is rendered. Everywhere else,
in jobs, mails and commands, nothing is masked. What a field holds of a person is said by `askpro.privacy.classes`.

While a masked page is made, each row that is loaded says nothing of persons (`on_load`), so that no page needs to
think of it. Such a row cannot be saved. A request that may write works on the rows as they are; they are masked before
its answer is rendered, and what it builds of them before that goes through `display`, which masks as well, or comes
after `over`.
"""

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar

import phonenumbers
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.db.models.signals import post_init

from askpro.console.models import Deed
from askpro.console.permissions import May
from askpro.encryption.keys import Unreadable
from askpro.privacy.classes import FIELDS, Holds, Personal, personal

M = TypeVar("M", bound=Model)
T = TypeVar("T")

DOTS: Final = "•••"
MOST_WORDS: Final = 3
HIDDEN: Final = frozenset({Holds.WHO, Holds.WORDS, Holds.RAW})
# Of a stored reason its code, without which no sentence is found.
PLAIN_KEYS: Final = frozenset({"code"})
# Counts and lengths; a phone number is longer.
LARGEST_COUNT: Final = 99_999
# Read by the erasure itself, and shown nowhere.
UNSHOWN: Final = frozenset({"privacy.Erasure"})
_NUMBER: Final = re.compile(r"\+?[0-9][0-9 ()/.\-]{4,}")


@dataclass(slots=True)
class Look:
    """How a page is looked at. `hid` becomes true once something on it was masked."""

    masked: bool
    # Whether rows are masked when they are loaded; else they are remembered until `veil`.
    on_load: bool = True
    hid: bool = False
    loaded: list[Model] = field(default_factory=list)

    def veil(self) -> None:
        """Mask what was loaded, and from now on what is loaded: nothing will be written any more."""
        self.on_load = True
        for row in self.loaded if self.masked else ():
            _veil(row)
        self.loaded.clear()


_look: ContextVar[Look | None] = ContextVar("console_look", default=None)


def is_masked() -> bool:
    """Whether the page that is made now hides who people are."""
    look = _look.get()
    return look is not None and look.masked


@contextmanager
def looking(masked: bool, *, on_load: bool = True) -> Iterator[Look]:
    """Within it, personal data is masked, or is not."""
    look = Look(masked, on_load)
    token = _look.set(look)
    try:
        yield look
    finally:
        _look.reset(token)


def over() -> None:
    """From now on this request writes nothing: its rows are masked, as is what it still loads.

    For whoever makes words of rows in a request that may write, such as a form that is shown again.
    """
    look = _look.get()
    if look is not None:
        look.veil()


def sees_people(user: Any) -> bool:
    """Whether a person reads personal data without revealing it first."""
    return bool(user.has_perm(May.SEE_PEOPLE)) and not (settings.REVEAL_FIRST and may_reveal(user))


def may_reveal(user: Any) -> bool:
    """Whether a person may reveal what is masked: operators, administrators and superusers."""
    return bool(user.has_perm(May.REVEAL))


def is_blind(user: Any) -> bool:
    """Whether a person never sees who people are, so that no search may tell it either."""
    return not (may_reveal(user) or sees_people(user))


def name(text: str) -> str:
    """The first letters of a name: "E••• G•••"."""
    return _letters(text) if text and _hides() else text


def phone(number: str) -> str:
    """A number's country and area, and its last digits: "+49 30 ••• 567"."""
    return _number(number) if number and _hides() else number


def email(address: str) -> str:
    """The first letter of an address: "e•••@•••"."""
    return _address(address) if address and _hides() else address


def words(text: str) -> str:
    """Nothing of what people said or wrote but that there is something."""
    return DOTS if text and _hides() else text


def anything(value: Any) -> Any:
    """A value of any shape with the same keys; what it holds is hidden."""
    return _hidden(value) if value and _hides() else value


def held(value: Any, meaning: Personal) -> Any:
    """The value of a field that holds this of a person, apart from its row."""
    return _masked(value, meaning) if value and meaning.holds in HIDDEN and _hides() else value


def veiled(row: M) -> M:
    """The row to be told of: itself, or a copy in which it and its loaded relations say nothing about persons."""
    return _copied(row, set()) if is_masked() else row


def decided(row: M, decide: Callable[[M], T]) -> T:
    """What a decision about a row comes to, which needs to know whose it is: made of the row as it is.

    Whoever shows what is returned masks it.
    """
    if not is_masked():
        return decide(row)
    with looking(masked=False):
        return decide(type(row)._default_manager.get(pk=row.pk))


def holds_people(model: type[Model]) -> bool:
    """Whether rows of this model hold what is to be masked."""
    return model._meta.label not in UNSHOWN and any(meaning.holds in HIDDEN for _, meaning in personal(model))


def connect() -> None:
    """Let rows that hold people be masked when they are loaded; once all models are there."""
    for label in FIELDS:
        model = apps.get_model(label)
        if holds_people(model):
            post_init.connect(_loaded, sender=model, dispatch_uid=f"console.masking.{label}")


def _loaded(sender: type[Model], instance: Model, **_: Any) -> None:
    look = _look.get()
    if look is None or not look.masked:
        return
    if look.on_load:
        _veil(instance)
    else:
        look.loaded.append(instance)


def _copied(row: Any, seen: set[int]) -> Any:
    seen.add(id(row))
    shown = copy.copy(row)
    if holds_people(type(row)):
        _veil(shown)
    cache = shown._state.fields_cache
    for relation, other in cache.items():
        if isinstance(other, Model) and id(other) not in seen:
            cache[relation] = _copied(other, seen)
    return shown


def _veil(row: Any) -> None:
    """Mask a row where it is. What was not loaded is masked when it is: that loads the row once more."""
    if not _is_about_people(row):
        return
    row.save = _refuse
    for field_name, meaning in personal(type(row)):
        if meaning.holds not in HIDDEN or field_name in row.get_deferred_fields():
            continue
        try:
            value = getattr(row, field_name)
        except Unreadable:
            # It says so itself where it is shown.
            continue
        if value:
            _hides()
            setattr(row, field_name, _masked(value, meaning))


def _is_about_people(row: Any) -> bool:
    """What is recorded of an act on a job or a queue names nobody."""
    if not isinstance(row, LogEntry | Deed):
        return True
    key = row.__dict__.get("content_type_id")
    model = ContentType.objects.get_for_id(key).model_class() if key is not None else None
    return model is not None and holds_people(model)


def _refuse(*args: Any, **options: Any) -> None:
    raise TypeError("A masked row cannot be saved.")


def _hides() -> bool:
    look = _look.get()
    if look is None or not look.masked:
        return False
    look.hid = True
    return True


def _masked(value: Any, meaning: Personal) -> Any:
    if not isinstance(value, str) or meaning.holds != Holds.WHO:
        return _hidden(value)
    if "@" in value:
        return _address(value)
    return _number(value) if _NUMBER.fullmatch(value) else _letters(value)


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: inner if key in PLAIN_KEYS else _hidden(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(inner) for inner in value]
    if isinstance(value, bytes | memoryview):
        return DOTS.encode() if value else value
    if value is None or value == "" or isinstance(value, bool):
        return value
    return value if isinstance(value, int) and abs(value) <= LARGEST_COUNT else DOTS


def _letters(text: str) -> str:
    words = text.split()[:MOST_WORDS]
    return " ".join(f"{word[0] if word[0].isalpha() else ''}{DOTS}" for word in words)


@lru_cache(maxsize=4096)
def _number(number: str) -> str:
    if DOTS in number:
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return DOTS
    whole = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    country, _, rest = whole.partition(" ")
    area, digits = rest.partition(" ")[0], re.sub(r"[^0-9]", "", rest)
    # Where area and end would be nearly all of it, the end says enough.
    parts = [country, *([area] if len(area) + 3 < len(digits) - 1 else []), DOTS, digits[-3:]]
    return " ".join(parts)


def _address(address: str) -> str:
    return f"{address[:1]}{DOTS}@{DOTS}" if address else address
