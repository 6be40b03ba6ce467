"""Strangers' words are made fit for mails: names stay names, and nothing becomes a link."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.strangers import one_line, plausible_name, quotation, unlinked

# As a mail program sees them: a scheme, an address, or letters joined by a dot.
LINK = re.compile(r"://|@|www\.|(?<=[^\W_])[.。｡․．](?=[^\W\d_]{2})")
DOTS = (".", "。", "．", "｡", "․")
HOSTILE = [
    "Ihr Konto ist gesperrt: https://evil.example",
    "Ihr Konto ist gesperrt",
    "ihr konto gesperrt bitte klicken",
    "evil.example",
    "Ole Linde www.evil.example",
    "Ole\nBcc: opfer@evil.example",
    "Ole Linde\r\n\r\nKlicken Sie: evil.example/x",
    "javascript:alert(1)",
    "<a href=https://evil.example>Ole</a>",
    "opfer@evil.example",
    "Rufen Sie sofort 0900 123456 an",
    "Ole " * 40,
    "0900 123456",
    "„Ole“ schreibt",
    "Ole\u202egnp.exe",
    "Ole\u200b.example",
    "{name}",
    "%(name)s",
    "-",
    "...",
    "",
] + [f"Ole evil{dot}example" for dot in DOTS]
ADDRESSES = [
    f"{host}{dot}{top}"
    for host, dot, top in product(("a", "evil", "ä-1", "xn--p1"), DOTS, ("de", "example", "рф", "com/x?y=z"))
]
PIECES = st.sampled_from(["evil", ".", "。", "example", "@", "://", "\n", "“", " ", "\u200b", "1"])
NAMES = [
    "Ole Linde",
    "Mareike Öztürk",
    "Dr. Anna-Lena Müller-Lüdenscheidt",
    "Prof. Dr. med. Karl von der Heide",
    "Seán O'Brien",
    "D’Angelo Russo",
    "Łukasz Żółć",
    "Nguyễn Thị Minh Khai",
    "Ludwig van Beethoven",
    "Jean-Luc de la Tour",
    "Иван Петров",
    "محمد علي",
    "山田 太郎",
    "J. R. Schmidt",
    "OLE LINDE",
    "Zoë",
    "Ayşe",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name(name: str) -> None:
    assert plausible_name(name) == name
    assert plausible_name(f"  {name}\u00a0") == name


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_name_is_none(text: str) -> None:
    assert plausible_name(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        *(
            f"{host}{dot}{top}"
            for host in ("a", "evil", "ä-1", "xn--p1")
            for dot in DOTS
            for top in ("de", "example", "рф", "com/x?y=z")
        ),
    ],
)
def test_what_is_quoted_leads_nowhere(text: str) -> None:
    for said in (unlinked(text), quotation(text), quotation(text, "en")):
        assert not LINK.search(said), said
        assert "\n" not in said and "\r" not in said


@given(st.text(max_size=200) | st.lists(PIECES).map("".join))
def test_whatever_is_said_is_one_line_without_a_link_and_stays_in_its_quotation_marks(text: str) -> None:
    said = quotation(text)
    assert not LINK.search(said), said
    assert one_line(said) == said
    assert said == "" or ((said[0], said[-1]) == ("„", "“") and not {"„", "“", "”"} & set(said[1:-1]))
    name = plausible_name(text)
    assert not LINK.search(name) and len(name) <= 60


@pytest.mark.parametrize(
    "said", ["am 26.11.2026 um 14.30 Uhr", "z.B. am Freitag", "Haarschnitt, nächsten Donnerstag um vier."]
)
def test_days_times_and_abbreviations_stay_as_they_were_said(said: str) -> None:
    assert unlinked(said) == said
