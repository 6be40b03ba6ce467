"""What is wrong with an installation."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What is missing or wrong, why that matters, and the command or the setting that mends it."""

    what: str
    why: str
    cure: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)
