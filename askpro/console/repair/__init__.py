"""Repair by filter: what failed is found by what it has in common, looked at, and done again as one deed.

`kinds` says what can be repaired and how; apps register theirs from their admin pages. `chosen` reads a filter from an
address, `listing` shows what matches it, `preview` says of each row what would become of it. `starting` writes down the
exact set as a `Repair` with an item for each row, and `running` works through that set in jobs of the queue `low`.
"""
