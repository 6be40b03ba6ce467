"""What programs wrote into rows in English is told in the reader's language, with the same facts."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest
from django.utils import translation

from appointments.changes.mirror import Effect
from askpro.language import engine_words, event_words
from askpro.language.catalogue import ROOT
from askpro.language.engine_words import SENTENCES, told
from askpro.language.extraction import FOLDERS
from askpro.language.written import Written
from askpro.queues.chores import late_queues, shut_gates
from askpro.queues.ledger import outcome
from askpro.queues.models import FleetEvent
from askpro.queues.worker.broker import FLUSHED
from askpro.queues.worker.message import RejectedByMiddleware
from askpro.watch.conditions.registry import every_condition
from calls.retell.fields import InvalidCall


@pytest.mark.parametrize("sentence", [*SENTENCES, *event_words.SENTENCES])
def test_each_sentence_of_programs_is_told_in_german_with_its_facts(sentence: str) -> None:
    facts = {name: f"«{name}»" for name in re.findall(r"%\((\w+)\)s", sentence)}
    written = sentence % facts if facts else sentence

    tell = told if sentence in SENTENCES else event_words.told
    with translation.override("de"):
        german = tell(written)

    assert german != written
    assert all(fact in german for fact in facts.values())
    assert tell(written) == written, "an English reader sees what is written"


def test_a_reason_inside_a_sentence_is_told_too() -> None:
    with translation.override("de"):
        assert told("A worker of all on h1 cannot start: exit code 3.") == (
            "Ein Worker von all auf h1 kann nicht starten: Rückgabewert 3."
        )


def test_a_vendors_words_stay_as_they_are() -> None:
    with translation.override("de"):
        for text in ("", "HTTP 503: try later", "waits for its lock!", "100 %(sure)s"):
            assert told(text) == text


def test_a_literal_sentence_is_found_before_one_with_places() -> None:
    written = Written(["waits at %(gate)s: %(reason)s", "waits at %(gate)s: others came first", "waits"])

    assert next(iter(written._forms))[0] == "waits"


def events_of_the_chores() -> Iterator[FleetEvent | None]:
    """What is noted of gates and queues: shut and open, late by one and by many, fewer, still late, and well."""
    yield from (shut_gates.shut("calcom", "answered 503"), shut_gates.opened("calcom"))
    long_ago = late_queues.REMIND + 1
    for now, known in (
        (late_queues.Lateness("high", 1, 60), late_queues.Known()),
        (late_queues.Lateness("high", 1000, 60), late_queues.Known()),
        (late_queues.Lateness("high", 3, 60), late_queues.Known(2, 0)),
        (late_queues.Lateness("high", 30, 60), late_queues.Known(2, long_ago)),
        (late_queues.Lateness("high", 0, 0), late_queues.Known(2, 0)),
    ):
        yield late_queues.news(now, known)


def test_what_the_chores_note_of_gates_and_queues_is_known() -> None:
    texts = [event.text for event in events_of_the_chores() if event is not None]

    assert len(set(texts)) == 7
    with translation.override("de"):
        assert [text for text in texts if told(text) == text] == [], "add it to engine_words"
        assert told(texts[4]).startswith("Weniger: 3 Jobs von high warteten")


def released() -> Iterator[tuple[str, str]]:
    """The reasons with which jobs put themselves back, by the file that says them."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "dev" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(id="Release"), args=[_, ast.Constant(value=str(reason))]):
                        yield reason, str(path.relative_to(ROOT))


def test_every_reason_to_wait_is_known() -> None:
    said = dict(released())
    own = {outcome.waits_for_lock().reason, outcome.waits_for_slot(0, 0).reason}
    own |= {end.error_message for end in (outcome.expired(), outcome.superseded(), outcome.overdue())}
    own |= {FLUSHED, str(RejectedByMiddleware())}

    assert said
    assert {text: file for text, file in said.items() if text not in SENTENCES} == {}, "add it to engine_words"
    assert own <= set(SENTENCES)


# Whose first argument says why, as it is kept with a job, at a gate, or with a notice.
TELLING: Final = {"Unavailable", "Rejected", "Unreached", "Unknown", "Throttled", "KeyRefused", "WebhookRefused"}
VENDORS: Final = (
    "askpro/http.py",
    "appointments/calcom",
    "calls/retell",
    "notifications/mail.py",
    "notifications/twilio",
    "askpro/watch/channels",
)
CHANNELS: Final = {"Failed", "Refused", "NotReached"}
UNREADABLE: Final = {"Malformed", "Unreadable", "NoCompany", "OtherTenant"}


def raised(places: Iterable[str], names: set[str]) -> Iterator[tuple[str, str]]:
    """The sentences with which these errors are made, each fact as “x”, by file."""
    for path in sorted(each for place in places for each in _files(ROOT / place)):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in names:
                    yield from ((text, str(path.relative_to(ROOT))) for text in _texts(first))


def _files(place: Path) -> Iterable[Path]:
    return [place] if place.suffix == ".py" else place.rglob("*.py")


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)


def untold(written: Iterable[tuple[str, str]], tell: Callable[[str], str]) -> dict[str, str]:
    with translation.override("de"):
        return {text: file for text, file in written if re.search(r"[^\W\d_]{2} ", text) and tell(text) == text}


def test_what_vendors_and_channels_do_wrong_is_told_in_german() -> None:
    said = [*raised(VENDORS, TELLING), *raised(["askpro/watch/channels"], CHANNELS)]

    assert len(said) > 40
    assert untold(said, told) == {}, "add it to vendor_words"


def events() -> Iterator[tuple[str, str]]:
    """Why events have their states, by the file that says so."""
    for folder in ("webhooks", "calls", "appointments", "notifications"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                yield from ((text, str(path.relative_to(ROOT))) for each in _reasons(node) for text in _texts(each))


def _reasons(node: ast.AST) -> Iterable[ast.expr]:
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=args) if name.startswith("mark_"):
            return args
        case ast.Tuple(elts=[ast.Attribute(value=ast.Name(id="Status")), reason]):
            return [reason]
        case ast.Call(func=ast.Name(id="Incoming" | "_other"), args=args, keywords=named):
            return [*args, *(each.value for each in named if each.arg == "reason")]
        case ast.AnnAssign(target=ast.Name(id="IGNORED"), value=ast.Dict(values=values)):
            return [*values, *(each.args[-1] for each in values if isinstance(each, ast.Call))]
    return ()


def results() -> Iterator[tuple[str, str]]:
    """What handlers of answers and reports return about an event."""
    for place in ("appointments/replies", "notifications/delivery/outcome.py"):
        for path in sorted(_files(ROOT / place)):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Return(value=ast.Constant() | ast.IfExp() as value):
                        parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                        yield from ((text, path.name) for part in parts for text in _texts(part))


def test_why_an_event_has_its_state_is_told_in_german() -> None:
    said = [*events(), *results(), *raised(("webhooks", "appointments"), UNREADABLE)]
    said += [(str(effect), "mirror.py") for effect in Effect if effect != Effect.APPLIED]
    said += [(str(InvalidCall("call_id", reason)), "call.py") for reason in invalid_calls()]

    assert len(said) > 50
    assert untold(said, event_words.told) == {}, "add it to event_words"


def invalid_calls() -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / "calls/retell/call.py").read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="InvalidCall"), args=[_, ast.Constant(value=str(reason))]):
                yield reason


def test_what_conditions_say_in_their_facts_has_german() -> None:
    for condition in every_condition():
        for sentence in condition.says:
            with translation.override("en"):
                english = str(sentence)
            with translation.override("de"):
                assert translation.gettext(english) != english, condition.code


def test_the_engines_sentences_are_each_named_once() -> None:
    assert len(set(SENTENCES)) == len(SENTENCES)
    assert engine_words.STUCK in SENTENCES
