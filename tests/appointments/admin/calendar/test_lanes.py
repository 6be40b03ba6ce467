"""What overlaps stands side by side, and everything stands there once."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from appointments.admin.calendar.axis import Rows
from appointments.admin.calendar.lanes import clusters

SPANS = st.lists(st.builds(Rows, st.integers(0, 95), st.integers(1, 12)), max_size=40)


def overlap(one: Rows, other: Rows) -> bool:
    return one.first < other.end and other.first < one.end


@given(SPANS)
def test_each_is_shown_once_in_its_rows(spans: list[Rows]) -> None:
    placed = [each for cluster in clusters(enumerate(spans)) for each in cluster.placed]
    assert {each.item: each.rows for each in placed} == dict(enumerate(spans))
    assert len(placed) == len(spans)


@given(SPANS)
def test_two_that_overlap_never_share_a_lane(spans: list[Rows]) -> None:
    found = clusters(enumerate(spans))
    for cluster in found:
        for one, other in combinations(cluster.placed, 2):
            assert one.lane != other.lane or not overlap(one.rows, other.rows)
    for one_cluster, other_cluster in combinations(found, 2):
        assert not overlap(one_cluster.rows, other_cluster.rows)


@given(SPANS)
def test_no_more_lanes_are_made_than_are_needed_at_once(spans: list[Rows]) -> None:
    for cluster in clusters(enumerate(spans)):
        busiest = max(
            sum(each.rows.first <= row < each.rows.end for each in cluster.placed)
            for row in range(cluster.rows.first, cluster.rows.end)
        )
        assert cluster.lanes == busiest == 1 + max(each.lane for each in cluster.placed)
