"""When no SMS goes out."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(moment: datetime, zone: ZoneInfo, starts: time, ends: time) -> datetime | None:
    """The end of the quiet hours that `moment` falls into, or None outside of them.

    `starts` and `ends` are local times in `zone`; quiet hours over midnight are the usual case, equal ones mean none.
    """
    local = moment.astimezone(zone)
    if not _is_quiet(local.time(), starts, ends):
        return None
    day = local.date() if local.time() < ends else local.date() + timedelta(days=1)
    end = datetime.combine(day, ends, zone)
    if end.timestamp() <= moment.timestamp():
        # The end falls into the hour that comes twice when the clocks go back: it is quiet until its second time.
        end = end.replace(fold=1)
    return end


def _is_quiet(clock: time, starts: time, ends: time) -> bool:
    if starts <= ends:
        return starts <= clock < ends
    return clock >= starts or clock < ends
