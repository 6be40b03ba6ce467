import re
from string import Formatter

from calls.functions.wording import ENGLISH, GERMAN


def test_both_languages_say_the_same_with_the_same_facts() -> None:
    assert set(GERMAN) == set(ENGLISH)
    for code, german in GERMAN.items():
        facts = [{name for _, name, _, _ in Formatter().parse(words) if name} for words in (german, ENGLISH[code])]
        assert facts[0] == facts[1], code


def test_no_sentence_has_a_figure_or_is_too_long_to_hear() -> None:
    for words in (*GERMAN.values(), *ENGLISH.values()):
        assert not re.search("[0-9]", words) and len(words) < 160, words
