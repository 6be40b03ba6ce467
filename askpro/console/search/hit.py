"""A line of what was found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """`title` names it, `description` says what it is and whose; `icon` is one of the theme's."""

    title: str
    description: str
    link: str
    icon: str
