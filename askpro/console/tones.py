"""One place that decides which colour a state has, on every page."""

from typing import Final, Literal

Tone = Literal["success", "info", "warning", "danger", "plain"]

# Green: what was wanted has happened. Blue: on its way. Orange: a person or another try is needed.
# Red: it went wrong. Grey: nothing to do.
_STATES: Final[dict[Tone, str]] = {
    "success": "booked changed moved confirmed completed processed delivered done synced running taken finished"
    " answered served erased by_hand supervisor_back start_well restarted queue_well gate_open succeeded",
    "info": "ongoing ended analyzed requested scheduled queued processing received sending sent accepted due vendors"
    " trying begun under_way",
    "warning": "open follow_up callback handed_over gone not_done retrying unknown unassigned no_show stopping pending"
    " warning paused silent restart_trouble start_trouble held person",
    "danger": "critical dead refused failed lost crashed timed_out invalid conflict stuck inactive supervisor_dead"
    " worker_dead worker_stuck queue_late gate_shut halted",
    "plain": "waiting released told asked cancelled ignored dropped no_request not_connected skipped obsolete stopped"
    " undeclared over command recycled replaced declined expired withdrawn void absent stays"
    " given_up not_wanted not_reached wrong_number elsewhere other",
}
TONES: Final[dict[str, Tone]] = {state: tone for tone, states in _STATES.items() for state in states.split()}


def tone_of(state: str) -> Tone:
    """The colour of a state; grey for one that nobody has placed yet."""
    return TONES.get(state, "plain")
