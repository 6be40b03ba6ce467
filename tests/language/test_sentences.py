"""Reasons are stored as codes and shown as full sentences, in the reader's language."""

import pytest
from babel.messages.checkers import checkers
from django.db.models import Model
from django.utils import translation

from appointments.models import Appointment, Detail, FollowUp
from askpro.language import catalogue
from askpro.language.extraction import extracted
from askpro.language.sentences import LONGEST_FACT, Kept, Sentence, tell
from calls.german.moment import Reason
from calls.models import BookingRequest, Unclear
from notifications.models import Notification
from notifications.twilio.errors import Reaction
from notifications.why import Why


def kinds(of: type[Sentence] = Sentence) -> list[type[Sentence]]:
    return [kind for kind in of.__subclasses__() if kind.__module__.split(".")[0] != "tests"]


CATALOGUE = catalogue.read()
EVERY_SENTENCE = [sentence for kind in kinds() if kind is not Kept for sentence in kind]


@pytest.mark.parametrize("sentence", EVERY_SENTENCE, ids=lambda each: f"{type(each).__name__}.{each.name}")
def test_each_code_has_a_german_sentence_with_the_same_places(sentence: Sentence) -> None:
    entry = CATALOGUE.get(str(sentence.label))
    assert entry is not None and entry.string, "run manage.py makemessages and write the German"
    facts = dict.fromkeys(sentence.places, "Gülşah")
    german, english = sentence.tell(facts, "de"), sentence.tell(facts, "en")
    assert german != english
    assert german.count("Gülşah") == english.count("Gülşah") == len(facts)


def test_the_catalogue_holds_what_the_code_says_and_nothing_else() -> None:
    said = {message.id for message in extracted() if message.id}
    assert {message.id for message in CATALOGUE if message.id} == said


def test_every_entry_is_german_and_keeps_its_places() -> None:
    for message in CATALOGUE:
        if message.id:
            assert catalogue.is_told(message) and not message.fuzzy, message.id
            for check in checkers:
                check(None, message)


def test_it_tells_in_the_language_asked_for_whatever_is_active() -> None:
    with translation.override("de"):
        assert Detail.TAKEN.tell(language="en") == "The time is taken at Cal.com or by another caller."
        assert translation.get_language() == "de"
    assert Detail.TAKEN.tell(language="de") == "Die Zeit ist in Cal.com oder durch einen anderen Anrufer belegt."


def test_it_refuses_to_store_other_facts_than_the_sentence_needs() -> None:
    assert Detail.NO_EVENT_TYPE.checked({"service": "x" * 999}) == {"service": "x" * LONGEST_FACT}
    for facts in ({}, {"staff": "x"}, {"service": "x", "staff": "y"}):
        with pytest.raises(ValueError, match="no_event_type"):
            Detail.NO_EVENT_TYPE.checked(facts)


def test_what_another_release_stored_is_told_as_far_as_it_is_known() -> None:
    assert tell("of_next_year", {"a": "b"}, "de", Detail, Unclear) == "of_next_year"
    assert tell("no_event_type", {}, "en", Detail) == "– has no event type at Cal.com."
    assert tell("", {}, "de", Detail) == ""
    assert tell("as_written", {"text": "100 % sure"}, "de", Detail) == "100 % sure"


def test_whatever_makes_a_wish_unclear_has_a_sentence() -> None:
    assert {reason.value for reason in Reason} <= set(Unclear.values)


@pytest.mark.parametrize(
    ("model", "column", "kinds"),
    [
        (FollowUp, "reason", [FollowUp.Reason]),
        (FollowUp, "detail", [Detail, Unclear]),
        (FollowUp, "settled_by", [Detail]),
        (Appointment, "sync_error", [Detail, Unclear]),
        (BookingRequest, "unclear", [Unclear]),
        (Notification, "reason", [Why, Reaction]),
    ],
)
def test_a_column_holds_every_code_of_its_kinds_and_each_only_once(
    model: type[Model], column: str, kinds: list[type[Sentence]]
) -> None:
    codes = [code for kind in [*kinds, Kept] for code in kind.values]
    assert max(map(len, codes)) <= model._meta.get_field(column).max_length
    assert len(codes) == len(set(codes))
