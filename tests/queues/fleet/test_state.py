"""What a supervisor says of itself, read by any release."""

from askpro.queues.fleet.state import Bounds, Rate, RunningJob, State, WorkerState

WORKER = {"memory": 12, "runs": 3, "silent": 0.1, "leaving": True, "running": [["id", 1.5, 58.5]]}
SAID = {
    "processes": {"all:default": [1, 2]},
    "queues": {"all:default": ["default"], "all:high": ["high"]},
    "rates": {"default": [1.0, 0.5]},
    "wanted": {"all:default": 3},
    "workers": {"7": WORKER},
    "pools": {"all": [2, 10, "promise"]},
}


def test_it_is_read_as_it_was_said():
    state = State.from_json(SAID)
    assert state.workers == {7: WorkerState(12, 3, 0.1, True, [RunningJob("id", 1.5, 58.5)])}
    assert (state.rates, state.pools) == ({"default": Rate(1.0, 0.5)}, {"all": Bounds(2, 10, "promise")})
    default, high = state.groups_of(pool="all")
    assert (default.queues, default.working, default.alive, default.wanted) == (["default"], 1, 2, 3)
    assert (high.queues, high.working, high.alive, high.wanted) == (["high"], 0, 0, 0)


def test_another_release_may_say_more():
    more = {
        "processes": {"all:default": [1, 2, 9]},
        "rates": {"default": [1.0, 0.5, 9.0]},
        "workers": {"7": {**WORKER, "running": [["id", 1.5, 58.5, "queue"]], "threads": 2}},
        "pools": {"all": [2, 10, "promise", "by"]},
        "disk": 1,
    }
    assert State.from_json({**SAID, **more}) == State.from_json(SAID)


def test_another_release_may_say_less():
    assert State.from_json({}) == State()
    assert State.from_json({"workers": {"7": {"memory": 12}}}).workers == {7: WorkerState(12, running=[])}
