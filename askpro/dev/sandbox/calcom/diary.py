"""When hosts are free: by opening hours in local time and existing bookings."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from askpro.dev.sandbox.calcom.booking import Booking
from askpro.dev.sandbox.world import COMPANY_OF_EVENT_TYPE, HOSTS, TIMEZONE, EventType, Host

ZONE = ZoneInfo(TIMEZONE)
DAYS = ("mo", "di", "mi", "do", "fr", "sa", "so")
SLOT_INTERVAL = timedelta(minutes=15)
# How far ahead one can book. AskPro passes on wishes of up to a year ahead.
BOOKING_WINDOW = timedelta(days=400)


class Diary:
    """Accepted bookings per host and day; the caller holds the lock."""

    def __init__(self) -> None:
        self._by_host_and_day: defaultdict[tuple[int, date], dict[str, Booking]] = defaultdict(dict)

    def enter(self, booking: Booking) -> None:
        self._day(booking)[booking.uid] = booking

    def strike(self, booking: Booking) -> None:
        self._day(booking).pop(booking.uid, None)

    def free_hosts(
        self, event_type: EventType, start: datetime, ignoring: str = "", among: frozenset[int] = frozenset()
    ) -> list[Host]:
        """The hosts who can take this event type at `start`; none outside the opening hours."""
        end = start + timedelta(minutes=event_type.minutes)
        if not _open(event_type, start, end):
            return []
        asked = [id_ for id_ in event_type.hosts if not among or id_ in among]
        return [HOSTS[id_] for id_ in asked if not self._taken(id_, start, end, ignoring)]

    def slots(
        self,
        event_type: EventType,
        start: datetime,
        end: datetime,
        ignoring: str = "",
        among: frozenset[int] = frozenset(),
    ) -> Iterator[datetime]:
        """Starts in [start, end) at which at least one host is free, in UTC."""
        day, last = start.astimezone(ZONE).date(), end.astimezone(ZONE).date()
        while day <= last:
            for slot in _grid(event_type, day):
                if start <= slot < end and self.free_hosts(event_type, slot, ignoring, among):
                    yield slot
            day += timedelta(days=1)

    def _day(self, booking: Booking) -> dict[str, Booking]:
        return self._by_host_and_day[booking.host.id, booking.start.astimezone(ZONE).date()]

    def _taken(self, host_id: int, start: datetime, end: datetime, ignoring: str) -> bool:
        # No opening hours cross midnight here, so a booking overlaps only those of its own day.
        booked = self._by_host_and_day.get((host_id, start.astimezone(ZONE).date()), {}).values()
        return any(booking.start < end and start < booking.end and booking.uid != ignoring for booking in booked)


def spans(event_type: EventType, day: date) -> list[tuple[datetime, datetime]]:
    """The opening hours of a day as instants."""
    hours = COMPANY_OF_EVENT_TYPE[event_type.id].branch.opening_hours.get(DAYS[day.weekday()], [])
    return [(_at(day, opens), _at(day, closes)) for opens, closes in hours]


def _open(event_type: EventType, start: datetime, end: datetime) -> bool:
    day = start.astimezone(ZONE).date()
    return any(opens <= start and end <= closes for opens, closes in spans(event_type, day))


def _grid(event_type: EventType, day: date) -> Iterator[datetime]:
    for opens, closes in spans(event_type, day):
        while opens + timedelta(minutes=event_type.minutes) <= closes:
            yield opens
            opens += SLOT_INTERVAL


def _at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZONE).astimezone(UTC)
