"""The demo calls: who calls, what is said, and what the result must be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from askpro.dev.sandbox.demo import german
from askpro.dev.sandbox.demo.callers import Caller
from askpro.dev.sandbox.world import SALON, EventType

UNKNOWN_NUMBER = "+493023125987"
HAIRCUT, COLOUR, _BEARD = SALON.event_types


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of call. `outcome` is booked, follow_up or unassigned, `follow_up_reason` which kind of follow-up.

    With `talks` the caller is served while she talks, by the agent's functions, and moves the appointment by SMS.
    """

    name: str
    about: str
    event_type: EventType = HAIRCUT
    outcome: str = "booked"
    follow_up_reason: str = ""
    talks: bool = False
    slot_gets_taken: bool = False
    anonymous: bool = False
    to_number: str = SALON.branch.number
    copies: dict[str, int] = field(default_factory=dict)
    words: Callable[[datetime], tuple[str, str]] = lambda slot: (german.day(slot), german.clock(slot))


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("booked", "A haircut is booked and confirmed by SMS and e-mail."),
        Scenario("conversation", "A haircut is booked while the caller talks, and moved by SMS.", talks=True),
        Scenario(
            "slot_gone",
            "Another customer takes the time while the caller is on the phone.",
            event_type=COLOUR,
            outcome="follow_up",
            follow_up_reason="slot_gone",
            slot_gets_taken=True,
        ),
        Scenario(
            "unclear_date",
            "The caller names no day that could be booked without guessing.",
            outcome="follow_up",
            follow_up_reason="unclear",
            words=lambda slot: ("irgendwann nächste Woche", "eher vormittags"),
        ),
        Scenario("anonymous", "The caller hides the number: booked, confirmed by e-mail only.", anonymous=True),
        Scenario(
            "unknown_number",
            "The called number belongs to no company.",
            outcome="unassigned",
            to_number=UNKNOWN_NUMBER,
        ),
        Scenario(
            "redelivered",
            "Retell delivers the end of the call five times at once; still everything happens once.",
            copies={"call_ended": 5},
        ),
    )
}


def variables(scenario: Scenario, caller: Caller, slot: datetime) -> dict[str, str]:
    """What the agent wrote down, in the names that AskPro's agents use."""
    day, clock = scenario.words(slot)
    return {
        "datum": day,
        "uhrzeit": clock,
        "name": caller.name,
        "telefonnummer": "" if scenario.anonymous else caller.phone,
        "dienstleistung": scenario.event_type.title,
        "email": caller.email,
        "sms_einwilligung": "nein" if scenario.anonymous else "ja",
        "email_einwilligung": "ja",
    }


def transcript(scenario: Scenario, caller: Caller, slot: datetime) -> list[tuple[str, str]]:
    """The conversation, as (role, words)."""
    day, clock = scenario.words(slot)
    service = scenario.event_type.title
    opening = [
        ("agent", f"Guten Tag, {SALON.name}, hier spricht die digitale Assistentin. Wie kann ich helfen?"),
        ("user", f"Ja hallo, {caller.name} hier. Ich hätte gern einen Termin, {service}, {day}, {clock}."),
    ]
    if scenario.follow_up_reason == "unclear":
        return [
            *opening,
            ("agent", "An welchem Tag genau würde es Ihnen passen?"),
            ("user", "Das kann ich noch nicht sagen, das hängt von der Arbeit ab."),
            ("agent", "Dann ruft Sie jemand aus dem Salon zurück. Auf Wiederhören!"),
        ]
    consent = "Nein, meine Nummer möchte ich nicht angeben." if scenario.anonymous else "Ja, gern."
    return [
        *opening,
        ("agent", f"Gern. {day}, {clock}, das trage ich für Sie ein. Soll die Bestätigung per SMS kommen?"),
        ("user", consent),
        ("agent", "Und an welche E-Mail-Adresse darf die Bestätigung gehen?"),
        ("user", f"{caller.email.replace('@', ' at ').replace('.', ' Punkt ')}."),
        ("agent", "Vielen Dank. Sie hören gleich von uns. Auf Wiederhören!"),
        ("user", "Danke, tschüss!"),
    ]  # fmt: skip
