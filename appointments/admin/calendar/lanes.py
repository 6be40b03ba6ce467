"""Puts what overlaps side by side. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from appointments.admin.calendar.axis import Rows

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """Something in its rows; `lane` counts from 0, from left to right."""

    item: T
    rows: Rows
    lane: int


@dataclass(frozen=True, slots=True)
class Cluster(Generic[T]):
    """What overlaps, directly or by others between: it shares the column's width, in as many lanes as it needs."""

    rows: Rows
    lanes: int
    placed: tuple[Placed[T], ...]


def clusters(items: Iterable[tuple[T, Rows]]) -> list[Cluster[T]]:
    """Every item once, the earliest first. Two in the same row are never in the same lane."""
    ordered = sorted(items, key=lambda pair: (pair[1].first, -pair[1].count))
    found: list[list[tuple[T, Rows]]] = []
    end = 0
    for item, rows in ordered:
        if not found or rows.first >= end:
            found.append([])
        found[-1].append((item, rows))
        end = max(end, rows.end)
    return [_cluster(group) for group in found]


def _cluster(group: list[tuple[T, Rows]]) -> Cluster[T]:
    ends: list[int] = []
    placed = []
    for item, rows in group:
        lane = next((number for number, end in enumerate(ends) if end <= rows.first), len(ends))
        ends[lane:] = [rows.end, *ends[lane + 1 :]]
        placed.append(Placed(item, rows, lane))
    first = group[0][1].first
    return Cluster(Rows(first, max(ends) - first), len(ends), tuple(placed))
