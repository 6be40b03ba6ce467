import pytest

from askpro.dev.up.suite import workers


@pytest.mark.parametrize("arguments", [["-n", "0"], ["-n4"], ["--pdb"], ["-s"], ["--dist=no"]])
def test_it_leaves_the_choice_of_workers_to_the_caller(arguments: list[str]) -> None:
    assert workers(arguments, chosen=False) == []


def test_it_spreads_the_whole_suite_and_not_a_few_tests() -> None:
    assert workers(["-q"], chosen=False)[0] == "-n"
    assert workers(["-q", "tests/dev/up"], chosen=True) == []
