"""Each file of requirements and its lock: every package that it needs, further ones included, with hashes."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

OF_PINS = re.compile(r"^# pins: sha256:([0-9a-f]{64})$", re.MULTILINE)
LOCKED = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(?: ; (.+?))? \\$")
HASH = re.compile(r"^    --hash=(sha256:[0-9a-f]{64})(?: \\)?$")
NEEDED_BY = re.compile(r"^    #(?: via|  ) (\S[^[]*)")
REMARK = re.compile(r"^([A-Za-z0-9._-]+)[^#]*  # (.+)$")


@dataclass(frozen=True)
class Locked:
    """A package of a lock: its normalized name, version, marker (or ""), the hashes of its files, and who needs it.

    Among those that need it, "" is the file of requirements.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lock:
    """The lock of one file of requirements, `requirements` by its path below `root`; it lies beside that file."""

    root: Path
    requirements: str

    @property
    def path(self) -> Path:
        return (self.root / self.requirements).with_suffix(".lock")

    def pins(self) -> list[str]:
        """The lines of the requirements that pin something."""
        return sorted(filter(None, (line.split(" #")[0].strip() for line in self._lines() if not line.startswith("#"))))

    def remarks(self) -> dict[str, str]:
        """What each pin is for, by its package's normalized name, as the remark behind it says."""
        found = [remark for line in self._lines() if (remark := REMARK.match(line))]
        return {re.sub(r"[-_.]+", "-", each[1]).lower(): each[2] for each in found}

    def is_fresh(self) -> bool:
        """Whether the lock was made for just these pins; a comment may have changed since."""
        if not self.path.is_file():
            return False
        found = OF_PINS.search(self.path.read_text(encoding="utf-8"))
        return found is not None and found[1] == self._digest()

    def write(self, locked: str) -> None:
        """Write the lock: its head, then `locked`, the packages."""
        head = f"# Everything that {self.requirements} needs, with hashes. `manage.py lock` writes it.\n"
        self.path.write_text(f"{head}# pins: sha256:{self._digest()}\n{locked}", encoding="utf-8")

    def packages(self) -> list[Locked]:
        """What the lock has, in its order."""
        packages: list[Locked] = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            if found := LOCKED.match(line):
                packages.append(Locked(found[1], found[2], found[3] or ""))
            elif found := HASH.match(line):
                last = packages[-1]
                packages[-1] = replace(last, hashes=(*last.hashes, found[1]))
            elif found := NEEDED_BY.match(line):
                last = packages[-1]
                name = "" if found[1].startswith("-r ") else found[1]
                packages[-1] = replace(last, needed_by=(*last.needed_by, name))
        return packages

    def _lines(self) -> list[str]:
        return (self.root / self.requirements).read_text(encoding="utf-8").splitlines()

    def _digest(self) -> str:
        return hashlib.sha256("\n".join(self.pins()).encode()).hexdigest()
