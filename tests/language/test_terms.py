"""One thing has one name in German, on every page: whoever searches for it, or tells a colleague, finds it again."""

import re
from typing import Final

import pytest

from askpro.language import catalogue

# A word that is not used, and what stands in its place. Customers' own texts are not in the catalogue.
INSTEAD: Final = {
    r"tornier": "absagen (appointments, bookings), abbrechen (jobs)",
    r"Unternehmen|Betriebs?\b(?!$)": "Firma",
    r"Event-Typ|Terminart": "Ereignistyp",
    r"Schleuse": "Schranke",
    r"\bHosts?\b": "Rechner",
    r"Telefonnummer": "Rufnummer",
    r"Auftrag|Aufträge": "Job",
    r"\bKennung|\bId\b|\bUid\b": "ID, UID",
    r"\bTags\b": "Marken",
    r"Mitschrift": "Transkript",
    r"Ratenbegrenzung": "Kontingent",
    r"zurückgelegt|Zurückgelegt": "zurückgestellt",
    r"gestorben": "abgestürzt",
    r"Handbuch": "Runbook",
}


@pytest.mark.parametrize("unused", INSTEAD, ids=INSTEAD.values())
def test_no_sentence_has_another_word_for_it(unused: str) -> None:
    found = [german for german in sentences() if re.search(unused, german)]

    assert found == [], f"write {INSTEAD[unused]}"


def test_it_looks_at_every_form_of_every_sentence() -> None:
    told = sentences()

    assert "Abgebrochen." in told and "%(number)s gescheiterte Jobs." in told


def sentences() -> list[str]:
    """All German of the catalogue, each plural for itself."""
    found: list[str] = []
    for message in catalogue.read():
        if message.id:
            found += [message.string] if isinstance(message.string, str) else message.string
    return found
