"""What the caller wants: the agent's fields are read as wishes, and written as booking requests.

The readers up to `extraction` know no row; `rows`, `branches`, `contradictions` and `second_look` hold the wishes
against what the company offers and what was booked.
"""
