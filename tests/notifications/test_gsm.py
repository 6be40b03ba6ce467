"""What fits into a text message."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.gsm import BASIC, EXTENDED, gsm_segments, gsm_text, is_gsm

GSM = st.text(st.sampled_from(sorted(BASIC | EXTENDED)), max_size=400)
LATIN = st.text(
    st.sampled_from(string.printable.replace("\x0b", "") + "äöüÄÖÜßéèñÀçşČłœ„“”‚‘–—…•\u00a0🎉☎️"), max_size=200
)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ü" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # 76 pairs and one free place: an escape never ends a part.
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("ч" * 70, 1),
        ("ч" * 71, 2),
        ("🎉" * 35, 1),
        ("🎉" * 36, 2),
        ("🎉" * 66, 2),
        ("🎉" * 67, 3),
    ],
)
def test_it_counts_the_messages_that_are_paid(text: str, segments: int) -> None:
    assert gsm_segments(text) == segments


@given(GSM)
def test_it_never_counts_less_than_the_characters_need(text: str) -> None:
    septets = sum(2 if char in EXTENDED else 1 for char in text)
    segments = gsm_segments(text)
    assert segments == 1 if septets <= 160 else -(-septets // 153) <= segments <= -(-septets // 152)


@given(GSM, GSM)
def test_it_never_gets_cheaper_by_adding(text: str, more: str) -> None:
    assert gsm_segments(text + more) >= gsm_segments(text)


@given(st.text())
def test_it_is_plain_after_one_pass(text: str) -> None:
    assert gsm_text(gsm_text(text)) == gsm_text(text)


@given(LATIN)
def test_it_fits_whatever_latin_text_a_name_may_hold(text: str) -> None:
    assert is_gsm(gsm_text(text))


@given(GSM)
def test_it_leaves_alone_what_fits(text: str) -> None:
    assert gsm_text(text) == text


def test_it_keeps_umlauts_however_they_are_written() -> None:
    assert gsm_text("Mu\u0308ller Straße") == "Müller Straße"


def test_it_keeps_letters_of_other_scripts() -> None:
    assert gsm_text("Салон – „Анна“ 🎉") == 'Салон - "Анна" '


@pytest.mark.parametrize(("text", "plain"), [("Ayşe Łuk", "Ayse Luk"), ("Sœur…", "Soeur..."), ("a\u00a0b", "a b")])
def test_it_writes_the_nearest_letters(text: str, plain: str) -> None:
    assert gsm_text(text) == plain
