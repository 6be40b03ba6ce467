"""Statements are kept without what somebody wrote into them."""

import pytest

from askpro.queues.insight.statement import LONGEST_KEPT, without_values

CASES = (
    ("SELECT 1", "SELECT ?"),
    ("SELECT a FROM b WHERE c = %s", "SELECT a FROM b WHERE c = %s"),
    ("SELECT *\n  FROM b\n WHERE c = 'Anna Muster'", "SELECT * FROM b WHERE c = ?"),
    ("c = 'it''s Anna' AND d = 'Berta'", "c = ? AND d = ?"),
    ("c = E'it\\'s Anna' AND d = 'Berta'", "c = ? AND d = ?"),
    ("""SELECT "it's"."x" WHERE y = 'Anna'""", """SELECT "it's"."x" WHERE y = ?"""),
    ("SELECT $$Anna's$$, $x$ Berta $$ $x$", "SELECT ?, ?"),
    ("SELECT 1 -- it's Anna\n, 'x'", "SELECT ? , ?"),
    ("SELECT /* it's Anna */ 'x'", "SELECT ?"),
    ("phone = 491701234567 OR t1.id2 = 3.5", "phone = ? OR t1.id2 = ?"),
    ("c = 'Anna Must", "c = ?"),
    ("id IN (%s, %s, %s, %s)", "id IN (%s, …)"),
    ("VALUES (%s, %s, %s), (%s, %s, %s), (%s, %s, %s)", "VALUES (%s, …), …"),
    ('SELECT "a\x00\ud800b"', 'SELECT "a\ufffd?b"'),
    ("id = ANY(%s::uuid[])", "id = ANY(%s::uuid[])"),
)


@pytest.mark.parametrize(("statement", "kept"), CASES)
def test_it_keeps_the_statement_and_no_value(statement, kept):
    assert without_values(statement) == kept


@pytest.mark.parametrize("hostile", ["'" * 50_000, "(%s)," * 20_000, "-" * 50_000, "$a" * 30_000, '"' * 49_999])
def test_a_hostile_statement_takes_no_time_and_no_room(hostile):
    assert len(without_values(hostile)) <= LONGEST_KEPT
