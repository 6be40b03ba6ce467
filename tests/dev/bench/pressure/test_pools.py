import pytest

from askpro.dev.bench.pressure.pools import fitting, least, most, scaled

POOLS = {
    "critical": {"min_processes": 5, "max_processes": 20, "max_shift": 5},
    "default": {"processes": 10},
    "low": {"min_processes": 1, "max_processes": 2},
}


def test_it_counts_the_processes_of_all_pools():
    assert (least(POOLS), most(POOLS)) == (16, 32)


def test_a_share_keeps_at_least_one_process_and_all_other_words():
    assert scaled(POOLS, 0.2) == {
        "critical": {"min_processes": 1, "max_processes": 4, "max_shift": 5},
        "default": {"processes": 2},
        "low": {"min_processes": 1, "max_processes": 1},
    }


@pytest.mark.parametrize(
    ("megabytes", "connections", "share"),
    [
        (100_000, 300, 1.0),
        (100_000, 110, 0.4),  # 40 processes with two sessions each, besides 30 others
        (5_000, 300, 0.7),  # 70 processes of 50 MB in 70 % of the memory
        (5_000, 20, 0.0),
    ],
)
def test_it_starts_no_more_than_memory_and_connections_suffice_for(megabytes: float, connections: int, share: float):
    assert fitting(100, megabytes, connections) == pytest.approx(share)
