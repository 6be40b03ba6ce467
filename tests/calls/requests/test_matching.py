import pytest

from calls.requests.matching import AmbiguousMatch, Candidate, Match, NoMatch, match_service, match_staff

SERVICES = [
    Candidate(1, ("Haarschnitt", "Haare schneiden")),
    Candidate(2, ("Färben & Föhnen",)),
    Candidate(3, ("Massage 30", "Massage (30 Minuten)")),
    Candidate(4, ("Massage 60",)),
    Candidate(5, ("Herrenhaarschnitt",)),
    Candidate(6, ("Fußpflege",)),
    Candidate(7, ("Spa",)),
]
STAFF = [
    Candidate(1, ("Anna Schmidt",)),
    Candidate(2, ("Anna Müller",)),
    Candidate(3, ("Jörg Groß-Kreutz",)),
    Candidate(4, ("Mehmet Yıldız", "Memo")),
]


@pytest.mark.parametrize(
    ("words", "id_"),
    [
        ("Haarschnitt", 1),
        ("HAARSCHNITT", 1),
        ("haar-schnitt", 1),
        (" Haar  Schnitt ", 1),
        ("Haare schneiden", 1),
        ("Haarschnit", 1),
        ("faerben föhnen", 2),
        ("Massage 30", 3),
        ("Massage 60", 4),
        ("Masage 60", 4),
        ("Fusspflege", 6),
        ("fußpflege", 6),
        ("Spa", 7),
    ],
)
def test_it_finds_the_service_that_was_named(words: str, id_: int) -> None:
    result = match_service(words, SERVICES)

    assert isinstance(result, Match)
    assert result.id == id_


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "!!!",
        "Schnitt",
        "Massage",
        "Massage 35",
        "Massage 90",
        "Damenhaarschnitt",
        "Spaß",
        "Sp",
        "\x00",
        "x" * 9999,
    ],
)
def test_it_takes_no_default_when_the_service_is_unknown(words: str) -> None:
    assert match_service(words, SERVICES) == NoMatch(words)


def test_it_does_not_choose_between_two_services_of_one_name() -> None:
    services = [Candidate(1, ("Beratung",)), Candidate(2, ("beratung", "Gespräch"))]

    assert match_service("Beratung", services) == AmbiguousMatch("Beratung", (1, 2))


def test_it_does_not_choose_between_two_that_sound_alike() -> None:
    services = [Candidate(1, ("Wimpernlifting",)), Candidate(2, ("Wimpernliftung",))]

    assert match_service("Wimpernliftang", services) == AmbiguousMatch("Wimpernliftang", (1, 2))


def test_it_prefers_the_equal_name_to_the_likely_one() -> None:
    services = [Candidate(1, ("Wimpernlifting",)), Candidate(2, ("Wimpernliftung",))]

    assert match_service("Wimpernliftung", services) == Match(2, 1.0)


def test_it_has_no_match_when_there_is_nothing_to_match() -> None:
    assert match_service("Haarschnitt", []) == NoMatch("Haarschnitt")


@pytest.mark.parametrize(
    ("words", "id_"),
    [
        ("Anna Schmidt", 1),
        ("Schmidt, Anna", 1),
        ("Frau Schmidt", 1),
        ("bei Frau Müller", 2),
        ("Mueller", 2),
        ("Jörg", 3),
        ("Herr Groß-Kreutz", 3),
        ("Joerg Gross Kreutz", 3),
        ("Memo", 4),
        ("Mehmet", 4),
        ("Schmidtt", 1),
    ],
)
def test_it_finds_the_person_who_was_named(words: str, id_: int) -> None:
    result = match_staff(words, STAFF)

    assert isinstance(result, Match)
    assert result.id == id_


@pytest.mark.parametrize("words", ["", "Frau", "Anna Weber", "Peter", "Schm", "Maria Schmidt"])
def test_it_takes_nobody_when_the_person_is_unknown(words: str) -> None:
    assert match_staff(words, STAFF) == NoMatch(words)


def test_it_does_not_choose_between_two_people_of_one_first_name() -> None:
    assert match_staff("Anna", STAFF) == AmbiguousMatch("Anna", (1, 2))
