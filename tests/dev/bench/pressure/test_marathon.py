from askpro.dev.bench.pressure.marathon import Course, Minute


def course(*minutes: tuple[float, float]) -> Course:
    """Minutes of jobs a second and p99, at an offer of 1,000."""
    return Course(1_000, [Minute(done, 1, p99, 0, 0) for done, p99 in minutes])


def test_the_rate_holds_when_it_holds_in_every_minute():
    assert course((1_000, 5), (950, 5), (1_000, 5)).holds_its_rate
    assert not course((1_000, 5), (949, 5), (1_000, 5)).holds_its_rate


def test_p99_may_double_from_the_first_minutes_to_the_last():
    assert course((1_000, 5), (1_000, 90), (1_000, 10)).is_steady
    assert not course((1_000, 5), (1_000, 5), (1_000, 11)).is_steady


def test_first_and_last_are_medians_of_a_tenth_of_the_minutes():
    minutes = [(1_000.0, float(p99)) for p99 in range(1, 31)]
    assert course(*minutes).p99 == (2, 29)
