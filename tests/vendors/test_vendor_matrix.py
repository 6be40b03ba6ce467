"""Each request of each vendor against each fault, once and always; docs/faults.md says what becomes of it.

CI plays one cell in eighty, `manage.py test --long` all of them. Then an outdated section of the file is rewritten,
and the test fails so that a person looks at the difference.
"""

import pytest

from askpro.dev.sandbox.client import SandboxClient
from tests.vendors.matrix import ALWAYS, ONCE, Cell, play
from tests.vendors.report import FILE, outcomes, section, write
from tests.vendors.requests import BY_NAME, REQUESTS

pytestmark = pytest.mark.django_db

CELLS = [Cell(asked, fault, times) for asked in REQUESTS for fault in asked.faults for times in (ONCE, ALWAYS)]
# Cells that only a time-out ends take long: two of them are played here, and one in eighty of the others.
SAMPLE = [cell for cell in CELLS if not cell.fault.is_slow][7::80]
SLOW = ("Cal.com: book | time-out after success | once", "Mail server: the message | drip | once")
SAMPLE += [cell for cell in CELLS if str(cell) in SLOW]


@pytest.mark.parametrize("cell", SAMPLE, ids=str)
def test_a_fault_ends_as_the_documentation_says(sandbox: SandboxClient, cell: Cell) -> None:
    outcome, problems = play(cell, sandbox)
    assert problems == []
    assert outcome == outcomes(FILE.read_text())[str(cell)]


def test_the_documentation_has_every_cell_of_the_matrix_and_no_other() -> None:
    assert outcomes(FILE.read_text()).keys() == {str(cell) for cell in CELLS}


@pytest.mark.long
@pytest.mark.parametrize("name", BY_NAME)
def test_every_fault_of_a_request_ends_as_the_documentation_says(sandbox: SandboxClient, name: str) -> None:
    played = {str(cell): play(cell, sandbox) for cell in CELLS if cell.asked.name == name}
    true = section(BY_NAME[name], {cell: outcome for cell, (outcome, _) in played.items()})
    is_new = not FILE.exists() or true not in FILE.read_text()
    if is_new:
        write(BY_NAME[name], true)
    assert {cell: problems for cell, (_, problems) in played.items() if problems} == {}
    assert not is_new, f"{FILE} has been brought up to date: look at the difference."
