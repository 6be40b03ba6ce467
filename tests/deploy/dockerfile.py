"""The Dockerfile, read strictly: an instruction or an option that is not known here is an error."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"


@dataclass(frozen=True, slots=True)
class Step:
    """One of RUN, COPY, ENV, WORKDIR, USER, as written; `sources` and `stage` are of COPY."""

    word: str
    text: str
    sources: tuple[str, ...] = ()
    target: str = ""
    stage: str = ""


@dataclass(slots=True)
class Stage:
    """From FROM to the next FROM."""

    image: str
    name: str
    steps: list[Step] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    user: str = ""
    ports: list[int] = field(default_factory=list)


def stages(text: str | None = None) -> list[Stage]:
    """All of a Dockerfile, by default of ours. Raises `ValueError` for what it cannot mean."""
    found: list[Stage] = []
    for line in _lines(text if text is not None else DOCKERFILE.read_text("utf-8")):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            match = re.fullmatch(r"(\S+)(?: AS (\w+))?", rest)
            if not match:
                raise ValueError(f"no stage: {line}")
            found.append(Stage(match[1], match[2] or ""))
        elif not found:
            raise ValueError(f"before any FROM: {line}")
        else:
            _take(found[-1], word, rest)
    return found


def variables(text: str) -> dict[str, str]:
    """Of an ENV: name=value, with blanks between."""
    pairs = [part.partition("=") for part in shlex.split(text)]
    if not all(assigned for _, assigned, _ in pairs):
        raise ValueError(f"no variables: {text}")
    return {name: value for name, _, value in pairs}


def _lines(text: str) -> list[str]:
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [line.strip() for line in kept.replace("\\\n", " ").splitlines() if line.strip()]


def _take(stage: Stage, word: str, rest: str) -> None:
    match word:
        case "RUN" if not rest.startswith("-"):
            stage.steps.append(Step(word, rest))
        case "COPY":
            stage.steps.append(_copy(rest))
        case "ENV":
            variables(rest)
            stage.steps.append(Step(word, rest))
        case "WORKDIR" if rest.startswith("/"):
            stage.steps.append(Step(word, rest))
        case "USER":
            stage.user = rest
            stage.steps.append(Step(word, rest))
        case "EXPOSE":
            stage.ports.append(int(rest))
        case "STOPSIGNAL" if rest.startswith("SIG"):
            pass
        case "HEALTHCHECK":
            options, _, command = rest.partition(" CMD ")
            if not all(re.fullmatch(r"--[a-z-]+=\w+", option) for option in options.split()):
                raise ValueError(f"unknown: {word} {options}")
            stage.health = _words(command)
        case "CMD":
            stage.command = _words(rest)
        case _:
            raise ValueError(f"unknown: {word} {rest}")


def _copy(rest: str) -> Step:
    words, stage = rest.split(), ""
    if words[0].startswith("--from="):
        stage = words.pop(0).removeprefix("--from=")
    if len(words) < 2 or any(word.startswith("-") for word in words):
        raise ValueError(f"unknown: COPY {rest}")
    *sources, target = words
    if len(sources) > 1 and not target.endswith("/"):
        raise ValueError(f"several files need a folder: COPY {rest}")
    return Step("COPY", rest, tuple(sources), target, stage)


def _words(text: str) -> list[str]:
    """The form that starts no shell, so that signals reach the program."""
    words = json.loads(text)
    if not isinstance(words, list):
        raise ValueError(f"no list: {text}")
    return words
