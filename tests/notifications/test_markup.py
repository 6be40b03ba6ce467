"""The language of message texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.markup import Unreadable, names, parse


def test_it_reads_words_variables_and_parts_that_may_be_left_out() -> None:
    must, service, end = parse("Am {when}[, {service} bei {staff}]. Bis bald!")
    assert (must.pieces, must.names, must.is_optional) == (("Am ", "when"), {"when"}, False)
    assert (service.pieces, service.is_optional) == ((", ", "service", " bei ", "staff"), True)
    assert (end.pieces, end.names) == ((". Bis bald!",), frozenset())
    assert names((must, service, end)) == {"when", "service", "staff"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{x.__class__}", "is no variable"),
        ("{x[0]}", "is no variable"),
        ("{x!r}", "is no variable"),
        ("{x:>9}", "is no variable"),
        ("{0}", "is no variable"),
        ("{}", "is no variable"),
        ("{ when }", "is no variable"),
        ("{When}", "is no variable"),
        ("{ẅhen}", "is no variable"),
        ("am {when", "stands alone"),
        ("am when}", "stands alone"),
        ("{{when}}", "stands alone"),
        ("{wh{en}", "stands alone"),
        ("[am {when}", "not closed"),
        ("am {when}]", "without a “[”"),
        ("[am [{when}]]", "cannot contain"),
        ("[am Montag]", "needs a variable"),
        ("[]", "needs a variable"),
    ],
)
def test_it_refuses_what_is_none_of_it(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        parse(text)
    assert said in str(refusal.value.problem)


@given(st.text(st.sampled_from("ab {}[].!:\n_üwhen"), max_size=60))
def test_a_text_is_refused_or_nothing_of_it_is_lost(text: str) -> None:
    try:
        parts = parse(text)
    except Unreadable:
        return
    written = ""
    for part in parts:
        inner = "".join(f"{{{piece}}}" if piece in part.names else piece for piece in part.pieces)
        written += f"[{inner}]" if part.is_optional else inner
    assert written == text
