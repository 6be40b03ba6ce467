"""A transcript as turns of a conversation."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

CALLER = "user"
SPEAKERS = {
    "agent": _("Agent"),
    CALLER: _("Caller"),
    "transfer target": _("Colleague"),
}


@dataclass(slots=True)
class Turn:
    """What one side said without a pause. `speaker` is empty where the text does not tell."""

    speaker: str
    words: str
    is_caller: bool = False


def turns_of(transcript: str) -> list[Turn]:
    """The turns in order. Retell writes one a line, as "Agent: …" and "User: …"."""
    turns: list[Turn] = []
    for line in transcript.strip().splitlines():
        label, colon, words = line.partition(":")
        speaker = str(SPEAKERS.get(label.strip().lower(), "")) if colon else ""
        if speaker:
            turns.append(Turn(speaker, words.strip(), label.strip().lower() == CALLER))
        elif turns:
            turns[-1].words = f"{turns[-1].words}\n{line}"
        elif line.strip():
            turns.append(Turn("", line.strip()))
    return turns
