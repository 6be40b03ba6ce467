"""When staff are free in these weeks, so that no two of their appointments overlap."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final

from askpro.dev.pictures.week.rows import Week
from calls.models import Branch, Service, Staff

STEP: Final = timedelta(minutes=15)
DAYS: Final = ("mo", "di", "mi", "do", "fr", "sa", "so")


class Diary:
    def __init__(self, week: Week) -> None:
        self._dice = week.dice
        self._midnight = week.midnight
        self._taken: dict[int, list[tuple[datetime, datetime]]] = {}

    def hours(self, branch: Branch, day: int) -> list[tuple[datetime, datetime]]:
        """When the branch is open, `day` days from the week's last."""
        midnight = self._midnight + timedelta(days=day)
        spans = branch.opening_hours.get(DAYS[midnight.weekday()], [])
        return [(_at(midnight, begins), _at(midnight, ends)) for begins, ends in spans]

    def take(self, branch: Branch, staff: Staff, service: Service, days: range) -> datetime | None:
        """A free time for the service on one of these days, which is then taken; None without any."""
        length = timedelta(minutes=service.duration_minutes)
        order = self._dice.sample(days, len(days))
        for day in order:
            free = [start for start in self._starts(branch, day, length) if self._is_free(staff, start, start + length)]
            if free:
                start = self._dice.choice(free)
                self._taken.setdefault(staff.pk, []).append((start, start + length))
                return start
        return None

    def _starts(self, branch: Branch, day: int, length: timedelta) -> Iterator[datetime]:
        for opens, closes in self.hours(branch, day):
            start = opens
            while start + length <= closes:
                yield start
                start += STEP

    def _is_free(self, staff: Staff, start: datetime, end: datetime) -> bool:
        return all(end <= begins or ends <= start for begins, ends in self._taken.get(staff.pk, []))


def _at(midnight: datetime, clock: str) -> datetime:
    return datetime.combine(midnight.date(), time.fromisoformat(clock), midnight.tzinfo)
