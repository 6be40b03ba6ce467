import pytest

from askpro.dev.bench.figures import Figure, Target, percentile


def figure(ours: list[float], peer: list[float], **more: object) -> Figure:
    return Figure("empty jobs", "jobs/s", ours, peer, "RedisBroker", **more)  # type: ignore[arg-type]


def test_it_compares_each_round_with_the_peers_of_the_same_round():
    """We are twice as fast in every round, although noise hit both sides: the ratio of medians would be 2.5."""
    assert figure([10_000, 4_000, 5_000], [5_000, 2_000, 2_500]).ratio == 2.0
    assert figure([100, 500, 900], [50, 250, 450]).ratio == 2.0


def test_it_counts_less_as_better_for_times():
    assert figure([2.0], [14.0], less_is_better=True).ratio == 7.0


@pytest.mark.parametrize(
    ("target", "ours", "met"),
    [
        (Target("ratio", at_least=2.5), 2_500, True),
        (Target("ratio", at_least=2.5), 2_499, False),
        (Target("askpro", at_most=2_500), 2_500, True),
        (Target("askpro", at_most=2_500), 2_501, False),
        (None, 1, None),
    ],
)
def test_it_holds_the_figure_to_its_target(target: Target | None, ours: float, met: bool | None):
    assert figure([ours], [1_000], target=target).is_met is met


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_it_names_the_value_that_the_share_does_not_exceed(share: float, value: float):
    assert percentile([float(each) for each in range(100, 0, -1)], share) == value


def test_it_takes_the_only_value_for_every_percentile():
    assert percentile([7.0], 0.99) == percentile([7.0], 0.5) == 7.0
