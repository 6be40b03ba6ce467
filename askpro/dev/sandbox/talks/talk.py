"""One conversation from the first ring to the analysis: what the caller wants, and what she makes of each answer."""

import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from askpro.dev.sandbox.retell.line import Asking, Line, Platform
from askpro.dev.sandbox.talks.character import ENGLISH, Character, Wish
from askpro.dev.sandbox.talks.memory import Belief, Memory, start_of
from askpro.dev.sandbox.world import TIMEZONE, EventType

# How often she names another time, and how often the agent asks again that was told to wait.
MOST_TRIES: Final = 4
# Seconds after which she hangs up on a function.
BEFORE_SHE_HANGS_UP: Final = (0.02, 0.3)
GREETING: Final = {"de": "Guten Tag, wie kann ich helfen?", "en": "Hello, how can I help?"}
# What the caller says before the agent asks a function.
SAYS: Final = {
    "de": {
        "list_services": "Was bieten Sie denn an?",
        "check_availability": "Ich hätte gern einen Termin, {service}. Geht es {when}?",
        "book_appointment": "Dann bitte {when}.",
        "find_appointment": "Wann ist mein Termin noch einmal?",
        "cancel_appointment": "Ach, sagen Sie ihn bitte wieder ab.",
        "reschedule_appointment": "Können wir den Termin doch verschieben, auf {when}?",
        "request_callback": "Es soll mich bitte noch jemand zurückrufen, wegen der Rechnung.",
    },
    "en": {
        "list_services": "What do you offer?",
        "check_availability": "I would like an appointment, {service}. Are you free {when}?",
        "book_appointment": "Then {when}, please.",
        "find_appointment": "When is my appointment again?",
        "cancel_appointment": "Oh, please cancel it after all.",
        "reschedule_appointment": "Can we move the appointment, to {when}?",
        "request_callback": "Please have somebody call me back about the bill.",
    },
}


@dataclass
class Talk:
    """`take_away` books a time at Cal.com for somebody else, if it is still free."""

    line: Line
    character: Character
    take_away: Callable[[EventType, datetime], None]
    memory: Memory = field(default_factory=Memory)
    notes: list[dict[str, str]] = field(default_factory=list)
    concerns: list[str] = field(default_factory=list)
    has_ended: bool = False

    @classmethod
    def begin(
        cls, platform: Platform, character: Character, take_away: Callable[[EventType, datetime], None]
    ) -> "Talk":
        chance = random.Random(character.seed)
        version = f"_v{chance.randrange(2, 30)}" if character.versioned else ""
        return cls(Line(platform, _call(character), chance, version, character.at_root), character, take_away)

    def play(self) -> None:
        """The whole call. When it returns, AskPro has been told of its end and its analysis."""
        self.line.connect()
        self.line.say(GREETING[self.character.language])
        if self.character.asks_services:
            self._ask("list_services", {})
        for wish, endings in zip(self.character.wishes, self.character.endings, strict=True):
            if not self.has_ended:
                self._about(wish, endings)
        self._hang_up()

    def listed(self) -> dict[str, Any]:
        """What it was about, every question with its answer, and what the caller believes now."""
        return {
            "seed": self.character.seed,
            "call_id": self.line.call["call_id"],
            "from_number": self.character.from_number,
            "email": self.character.caller.email,
            "language": self.character.language,
            "agrees": self.character.agrees,
            "askings": [asking.listed() for asking in self.line.askings],
            **self.memory.listed(),
        }

    def _about(self, wish: Wish, endings: tuple[str, ...]) -> None:
        note: dict[str, str] = {}
        self.notes.append(note)
        belief = self._arrange(wish, note)
        for number, ending in enumerate(endings):
            if self.has_ended:
                return
            if ending == "callback":
                self._call_back()
            elif ending == "find":
                self._ask("find_appointment", {})
            elif belief is not None and belief in self.memory.beliefs:
                belief = self._change(belief, wish, ending, note, number)
            elif ending == "again":
                belief = self._book(wish, wish.start, note)

    # Looking and booking

    def _arrange(self, wish: Wish, note: dict[str, str]) -> Belief | None:
        start = self._look(wish) if self.character.looks_first or self.character.only_looks else wish.start
        if start is None or self.character.only_looks:
            return None
        if self.character.rival:
            self.take_away(wish.event_type, start)
        return self._book(wish, start, note)

    def _look(self, wish: Wish) -> datetime | None:
        """The time that she chooses after she has heard what is free; None when there is none for her."""
        day, clock = self.character.written(wish.start)
        when = {"date": day} if self.character.names_day_only else {"date": day, "time": clock}
        asking = self._ask("check_availability", when | self._service(wish))
        if asking.status == "free":
            return wish.start
        if asking.status in ("unavailable", "ask", "failed", ""):
            return wish.start
        return self._one_of(asking)

    def _book(self, wish: Wish, start: datetime, note: dict[str, str]) -> Belief | None:
        """Book it, or one of the times offered instead, until it is settled or she gives up."""
        staff = wish.staff
        for number in range(MOST_TRIES):
            note |= self._noted(wish, start)
            if self.character.hangs_up:
                return self._book_and_hang_up(wish, start)
            asking = self._ask("book_appointment", self._wish(wish, start, staff))
            if asking.status in ("booked", "requested"):
                return self.memory.booked(wish.event_type, asking.data, asking.status == "requested")
            if asking.status in ("pending", ""):
                return self.memory.pending(wish.event_type, start, asking.data)
            if asking.status == "handed_over":
                self.memory.promises.append("callback")
                return None
            if asking.status == "ask":
                about = asking.data.get("about", "")
                staff = "" if about in ("which_staff", "unknown_staff") else staff
                start = start if "staff" in about else self.character.other_time(wish, number)
            elif asking.status not in ("failed", "still_working"):
                other = self._one_of(asking)
                if other is None:
                    return None
                start = other
        return None

    def _book_and_hang_up(self, wish: Wish, start: datetime) -> Belief:
        """The call ends while the function is still at work."""
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(self._ask, "book_appointment", self._wish(wish, start, wish.staff))
            time.sleep(self.line.chance.uniform(*BEFORE_SHE_HANGS_UP))
            self._hang_up()
            asking.result()
        return self.memory.unheard(wish.event_type, start)

    def _hang_up(self) -> None:
        if not self.has_ended:
            self.has_ended = True
            self.line.hang_up(*self._written_down())

    def _one_of(self, asking: Asking) -> datetime | None:
        times = asking.data.get("times") or []
        if not times:
            return None
        return datetime.fromisoformat(start_of(self.line.chance.choice(times))).astimezone(ZoneInfo(TIMEZONE))

    # What comes afterwards

    def _change(self, belief: Belief, wish: Wish, ending: str, note: dict[str, str], number: int) -> Belief | None:
        if ending == "same":
            return self._book(wish, datetime.fromisoformat(belief.may_be[0]), note)
        if ending == "cancel":
            return self._cancel(belief, note)
        if ending == "move":
            return self._move(belief, wish, note, number)
        return belief

    def _cancel(self, belief: Belief, note: dict[str, str]) -> Belief | None:
        day, clock = self.character.written(datetime.fromisoformat(belief.may_be[0]))
        asking = self._until_settled("cancel_appointment", {"date": day, "time": clock})
        self.concerns.append("Termin absagen")
        # Who hears that there is none believes that, too.
        if asking.status in ("cancelled", "none"):
            note.clear()
            self.memory.cancelled(belief)
            return None
        if asking.status in ("pending", ""):
            self.memory.change_pending(belief, None)
        return belief

    def _move(self, belief: Belief, wish: Wish, note: dict[str, str], number: int) -> Belief:
        day, clock = self.character.written(datetime.fromisoformat(belief.may_be[0]))
        start = self.character.other_time(wish, 10 + number)
        for _ in range(MOST_TRIES):
            new_day, new_clock = self.character.written(start)
            arguments = {"date": day, "time": clock, "new_date": new_day, "new_time": new_clock}
            asking = self._until_settled("reschedule_appointment", arguments)
            if asking.status in ("moved", "requested"):
                note |= self._noted(wish, start)
                self.concerns.append("Termin verschieben")
                self.memory.moved(belief, start, asking.data, asking.status == "requested")
                return belief
            if asking.status in ("pending", ""):
                self.memory.change_pending(belief, start)
                return belief
            other = self._one_of(asking)
            if other is None:
                return belief
            start = other
        return belief

    def _call_back(self) -> None:
        asking = self._ask("request_callback", {"concern": "Frage zur Rechnung"})
        if asking.status == "callback":
            self.memory.promises.append("callback")

    # Words

    def _ask(self, function: str, arguments: dict[str, Any]) -> Asking:
        """The caller says something, the agent asks (perhaps its request arrives twice) and says what it was told."""
        time.sleep(self.character.pace * self.line.chance.uniform(0.5, 1.5))
        self.line.hear(self._words(function, arguments))
        copies = 2 if self.line.chance.random() < self.character.repeats else 1
        language = {"language": ENGLISH} if self.character.language == ENGLISH else {}
        asking = self.line.ask(function, arguments | language, copies)
        self.line.say(str(asking.answer.get("spoken", "")))
        return asking

    def _words(self, function: str, arguments: dict[str, Any]) -> str:
        prefix = "new_" if "new_date" in arguments else ""
        when = " ".join(arguments[name] for name in (f"{prefix}date", f"{prefix}time") if name in arguments)
        return SAYS[self.character.language][function].format(when=when, service=arguments.get("service", ""))

    def _until_settled(self, function: str, arguments: dict[str, Any]) -> Asking:
        for _ in range(MOST_TRIES):
            asking = self._ask(function, arguments)
            if asking.status not in ("still_working", "failed"):
                break
        return asking

    def _service(self, wish: Wish) -> dict[str, str]:
        spoken = (wish.event_type.title, *wish.event_type.synonyms[:1])
        service = {"service": self.line.chance.choice(spoken)}
        return service | ({"staff": wish.staff} if wish.staff else {})

    def _wish(self, wish: Wish, start: datetime, staff: str) -> dict[str, str]:
        day, clock = self.character.written(start)
        said = {"date": day, "time": clock, "service": wish.event_type.title}
        said |= {"name": self.character.caller.name, "email": self.character.caller.email}
        said |= {"staff": staff} if staff else {}
        return said | {"sms_consent": "ja" if self.character.agrees else "nein"}

    def _noted(self, wish: Wish, start: datetime) -> dict[str, str]:
        day, clock = self.character.written(start)
        return {"datum": day, "uhrzeit": clock, "dienstleistung": wish.event_type.title}

    def _written_down(self) -> tuple[dict[str, str], dict[str, Any]]:
        """The agent's fields and the analysis after the call."""
        caller = self.character.caller
        wishes = [note for note in self.notes if note]
        said = {"name": caller.name, "email": caller.email}
        said |= {"sms_einwilligung": "ja" if self.character.agrees else "nein"}
        for number, note in enumerate(wishes, start=1):
            said |= {name if number == 1 else f"{name}_{number}": words for name, words in note.items()}
        if self.concerns and not wishes:
            said["anliegen"] = self.concerns[-1]
        custom = {"termin_gewuenscht": bool(wishes), "rueckruf_gewuenscht": "callback" in self.memory.promises, **said}
        return said, {"call_summary": "", "in_voicemail": False, "custom_analysis_data": custom}


def _call(character: Character) -> dict[str, Any]:
    branch = character.company.branch
    return {
        "call_id": f"call_{secrets.token_hex(14)}",
        "call_type": "phone_call",
        "agent_id": branch.agent_id,
        "agent_version": 7,
        "agent_name": f"{character.company.name} - Annahme",
        "call_status": "registered",
        "direction": "inbound",
        "from_number": character.from_number,
        "to_number": branch.number,
        "data_storage_setting": "everything",
    }
