"""What programs wrote into rows in English is told in the reader's language, with the same facts."""

import ast
import re
from collections.abc import Iterator

import pytest
from django.utils import translation

from askpro.language import engine_words
from askpro.language.catalogue import ROOT
from askpro.language.engine_words import SENTENCES, told
from askpro.language.extraction import FOLDERS
from askpro.language.written import Written
from askpro.queues.ledger import outcome
from askpro.watch.conditions.registry import every_condition


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_sentence_of_the_engine_is_told_in_german_with_its_facts(sentence: str) -> None:
    facts = {name: f"«{name}»" for name in re.findall(r"%\((\w+)\)s", sentence)}
    written = sentence % facts if facts else sentence

    with translation.override("de"):
        german = told(written)

    assert german != written
    assert all(fact in german for fact in facts.values())
    assert told(written) == written, "an English reader sees what is written"


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

    assert said
    assert {text: file for text, file in said.items() if text not in SENTENCES} == {}, "add it to engine_words"
    assert own <= set(SENTENCES)


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
