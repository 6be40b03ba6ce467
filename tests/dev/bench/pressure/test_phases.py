import pytest

from askpro.dev.bench.pressure.phases import NAMES, chosen


def test_the_clean_phase_is_always_among_them_and_first():
    assert [phase.name for phase in chosen("burst, open-transaction")] == ["clean", "open-transaction", "burst"]


def test_an_unknown_phase_is_refused_with_the_names_of_all():
    with pytest.raises(ValueError, match="no phase \\['brust'\\]; there are clean, open-transaction"):
        chosen("clean,brust")


def test_no_two_have_the_same_name():
    assert len(set(NAMES)) == len(NAMES)
