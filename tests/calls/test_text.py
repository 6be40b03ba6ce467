import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.reading import clean
from calls.text import fold


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("Jürgen Weiß 🙂", "Jürgen Weiß 🙂"),
        ("a\x00b\ud800c\x1bd", "abcd"),
        (" zwei\nZeilen\t", "zwei\nZeilen"),
        ("x" * 50, "x" * 10 + ""),
    ],
)
def test_it_keeps_what_can_be_stored(raw: str, kept: str) -> None:
    assert clean(raw, 20 if len(kept) != 10 else 10) == kept


@pytest.mark.parametrize("spelt", ["Müller-Weiß", "MÜLLER-WEISS", "mueller-weiss", "Mu\u0308ller-Weiß"])
def test_it_folds_spellings_of_one_name_together(spelt: str) -> None:
    assert fold(spelt) == "mueller-weiss"


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200), st.integers(0, 50))
def test_it_makes_any_text_storable(raw: str, limit: int) -> None:
    kept = clean(raw, limit)

    assert len(kept) <= limit
    assert "\x00" not in kept
    kept.encode()
    assert fold(fold(kept)) == fold(kept)
